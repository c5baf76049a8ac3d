/** What is looked at of a node of the syntax tree. */
type Node = Readonly<{
  type: string
  value?: unknown
  name?: string
  key?: Node
  id?: Node
  consequent?: Node
  alternate?: Node
  callee?: Node
}>

type Ignorer = Readonly<{ shouldIgnore(path: Readonly<{ node: Node }>): string | undefined }>

/** Leaves out what only chooses words: templates, `message` members, and conditions whose outcomes are all sentences. Stryker loads it by this name. */
export const strykerPlugins: readonly Readonly<{ kind: string; name: string; value: Ignorer }>[] = [
  {
    kind: 'Ignore',
    name: 'texts',
    value: { shouldIgnore: ({ node }) => (isText(node) || holdsText(node) ? 'chooses words only' : undefined) },
  },
]

const HOLDERS: ReadonlySet<string | undefined> = new Set(['message', 'detail', 'title'])

function holdsText({ type, key, id }: Node): boolean {
  return (type === 'ObjectProperty' && HOLDERS.has(key?.name)) || (type === 'VariableDeclarator' && HOLDERS.has(id?.name))
}

function isText(node: Node | undefined): boolean {
  if (node === undefined) return false
  if (node.type === 'TemplateLiteral') return true
  if (node.type === 'StringLiteral') return typeof node.value === 'string' && node.value.includes(' ')
  return node.type === 'ConditionalExpression' && isText(node.consequent) && isText(node.alternate)
}
