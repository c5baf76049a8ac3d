import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** One fenced block: its language, what else the fence says, its code, and the line of the document that it begins on. */
export type Block = Readonly<{ lang: string; info: string; code: string; line: number }>

/** The examples of one document, and the declarations that they rely on. */
export type Examples = Readonly<{ path: string; blocks: readonly Block[]; context: string }>

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Where examples would lie, so that they find the packages as tests do. Nothing is written there. */
const FOLDER = join(ROOT, 'test/.examples')
const TYPES = './packages/react/node_modules/@types'
const OPTIONS: ts.CompilerOptions = {
  ...ts.parseJsonConfigFileContent(ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile).config, ts.sys, ROOT).options,
  noUnusedLocals: false,
  noUnusedParameters: false,
  paths: {
    react: [`${TYPES}/react`],
    'react/*': [`${TYPES}/react/*`],
    'react-dom/*': [`${TYPES}/react-dom/*`],
    '@stile/testing': ['./packages/testing/src/index.ts'],
  },
}
/** Plain JavaScript is held to what it imports and calls, not to types that it cannot write. */
const PLAIN: ts.CompilerOptions = { ...OPTIONS, strict: false, allowJs: true, checkJs: true }

const parsed = new Map<string, ts.SourceFile | undefined>()

/** The file that a block says it is, by a first line such as `// stile.policy.ts`: by it other examples import it. */
function nameOf({ code }: Block): string | undefined {
  return /^\/\/ ((?:[\w-]+\/)*[\w.-]+\.(?:tsx?|js))$/.exec(code.split('\n')[0] ?? '')?.[1]
}

/** Compiles the examples of one document together, as modules of one folder; those of `shared` that have a name can be imported too. */
export function checkExamples(doc: Examples, shared: readonly Block[], fault: (line: number, what: string) => void): void {
  const blocks = doc.blocks.filter(({ lang, info, code, line }) => {
    if (!/^(tsx?|js)$/.test(lang)) return false
    if (!info.startsWith('no-check')) return true
    if (!/^\/\/ \S/.test(code)) fault(line, 'is not checked: say why in a comment on its first line')
    return false
  })
  const isPlain = ({ lang }: Block) => lang === 'js'
  const typed = blocks.filter((block) => !isPlain(block))
  if (typed.length > 0) compile(doc, typed, shared, OPTIONS, fault)
  if (blocks.some(isPlain)) compile(doc, blocks.filter(isPlain), shared, PLAIN, fault)
}

function compile(
  { path: doc, context }: Examples,
  blocks: readonly Block[],
  shared: readonly Block[],
  options: ts.CompilerOptions,
  fault: (line: number, what: string) => void,
): void {
  const folder = join(FOLDER, doc.replaceAll('/', '_'))
  const files = new Map<string, { block?: Block; text: string }>([[join(folder, 'context.d.ts'), { text: context }]])
  const module = ({ code }: Block) => `${code}\nexport {}\n`
  for (const block of shared) files.set(join(folder, nameOf(block) ?? `shared-${block.line}.ts`), { text: module(block) })
  for (const block of blocks) files.set(join(folder, nameOf(block) ?? `line-${block.line}.${block.lang}`), { block, text: module(block) })

  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile, directoryExists } = host
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.readFile = (path) => files.get(path)?.text ?? readFile(path)
  host.directoryExists = (path) => folder.startsWith(path) || (directoryExists?.(path) ?? false)
  host.getSourceFile = (path, version, ...rest) => {
    const text = files.get(path)?.text
    if (text !== undefined) return ts.createSourceFile(path, text, version, true)
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, version, ...rest))
    return parsed.get(path)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  for (const [path, { block }] of files) {
    const file = program.getSourceFile(path)
    for (const each of [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]) {
      const line = ts.getLineAndCharacterOfPosition(each.file as ts.SourceFile, each.start ?? 0).line
      fault(block === undefined ? 1 : block.line + 1 + line, ts.flattenDiagnosticMessageText(each.messageText, ' '))
    }
  }
}

/** The blocks that examples of every document may import. */
export function sharedExamples(blocks: readonly Block[]): readonly Block[] {
  return blocks.filter((block) => nameOf(block)?.endsWith('.ts') && block.lang === 'ts')
}
