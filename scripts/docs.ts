import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Block, checkExamples, sharedExamples } from './docs-examples.ts'

/** A document, taken apart. */
type Doc = Readonly<{
  path: string
  blocks: readonly Block[]
  /** Its lines, empty where a block or a comment stands. */
  prose: readonly string[]
  /** Declarations that its examples rely on: what stands in a comment that begins with `<!-- examples:`. */
  context: string
}>

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SKIP = /(^|\/)(node_modules|dist|test-results|storybook-static|playwright-report|coverage|\.git|\.stile)$/

const faults: string[] = []
const fault = (path: string, line: number, what: string): unknown => faults.push(`${path}:${line}  ${what}`)

function read(path: string): Doc {
  const lines = readFileSync(join(ROOT, path), 'utf8').split('\n')
  const blocks: Block[] = []
  const prose: string[] = []
  const context: string[] = []
  let open: { fence: string; lang: string; info: string; indent: number; line: number; code: string[] } | undefined
  let comment: 'context' | 'other' | undefined
  for (const [index, line] of lines.entries()) {
    const [, indent = '', fence, lang = '', info = ''] = /^(\s*)(```+|~~~+)\s*(\w*)\s*(.*)$/.exec(line) ?? []
    prose.push(open || comment || fence !== undefined || line.startsWith('<!--') ? '' : line)
    if (open) {
      if (fence?.startsWith(open.fence) && lang === '') {
        blocks.push({ ...open, code: open.code.join('\n') })
        open = undefined
      } else open.code.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)))
    } else if (comment || line.startsWith('<!--')) {
      comment ??= line.startsWith('<!-- examples:') ? 'context' : 'other'
      if (comment === 'context') context.push(line.replace('<!-- examples:', '').replace('-->', ''))
      if (line.includes('-->')) comment = undefined
    } else if (fence !== undefined) open = { fence, lang, info, indent: indent.length, line: index + 1, code: [] }
  }
  if (open) fault(path, open.line, 'the fence is never closed')
  return { path, blocks, prose, context: context.join('\n') }
}

/** The anchors that GitHub makes of headings, and those that are written out. */
function anchorsOf({ prose }: Doc): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const line of prose) {
    for (const [, id = ''] of line.matchAll(/<\w+ (?:id|name)="([^"]+)"/g)) anchors.add(id)
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1]
    if (heading === undefined) continue
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

function checkLinks(doc: Doc, docs: ReadonlyMap<string, Doc>): void {
  for (const [index, line] of doc.prose.entries()) {
    const text = line.replace(/`[^`]*`/g, '')
    const links = text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|(?:src|srcset|href)="([^"\s]+)|^\[[^\]]+\]:\s*(\S+)/g)
    for (const [, inline, attribute, reference] of links) {
      const link = inline ?? attribute ?? reference ?? ''
      if (/^(https?|mailto):/.test(link)) continue
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? doc.path : relative(ROOT, resolve(ROOT, dirname(doc.path), decodeURIComponent(file)))
      const found = docs.get(target)
      if (file.startsWith('/') || target.startsWith('..')) fault(doc.path, index + 1, `${link} leads out of the repository`)
      else if (!existsSync(join(ROOT, target))) fault(doc.path, index + 1, `${link} leads nowhere: there is no ${target}`)
      else if (anchor !== undefined && found && !anchorsOf(found).has(anchor))
        fault(doc.path, index + 1, `${link} leads nowhere: ${target} has no heading for #${anchor}`)
    }
  }
}

const KEYWORDS = ['install', 'add', 'exec', 'dlx', 'pack', 'publish']
const { packageManager, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** A command of pnpm must be a script of ours or a program that is installed, and pnpm the one that package.json names. */
function checkCommands({ path, blocks, prose }: Doc): void {
  const shell = blocks.filter(({ lang }) => lang === 'sh')
  const lines = shell.flatMap(({ code, line }) => code.split('\n').map((text, offset) => ({ line: line + 1 + offset, text })))
  const inline = prose.flatMap((text, index) => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ line: index + 1, text: code })))
  for (const { line, text } of [...inline, ...lines]) {
    for (const [, version, name = ''] of text.matchAll(/(?:^|&&\s*|npx -y )pnpm(?:@(\S+))?\s+(?:run\s+)?([a-z][\w:-]*)/g)) {
      if (version !== undefined && `pnpm@${version}` !== packageManager)
        fault(path, line, `pnpm@${version} is not ${packageManager}, which package.json names`)
      if (!(name in scripts) && !KEYWORDS.includes(name) && !existsSync(join(ROOT, 'node_modules/.bin', name)))
        fault(path, line, `pnpm ${name} is no script of package.json`)
    }
  }
}

function checkJson({ path, blocks }: Doc): void {
  for (const { lang, code, line } of blocks) {
    if (lang !== 'json') continue
    try {
      JSON.parse(code)
    } catch (error) {
      fault(path, line, `is not JSON: ${error instanceof Error ? error.message : error}`)
    }
  }
}

const paths = globSync(['**/*.md', '.*/*.md'], { cwd: ROOT, exclude: (path) => SKIP.test(path) })
const docs = new Map([...new Set(paths)].sort().map((path) => [path, read(path)]))
const shared = sharedExamples(docs.get('README.md')?.blocks ?? [])
for (const doc of docs.values()) {
  checkLinks(doc, docs)
  checkCommands(doc)
  checkJson(doc)
  checkExamples(doc, doc.path === 'README.md' ? [] : shared, (line, what) => fault(doc.path, line, what))
}
for (const each of faults) process.stderr.write(`${each}\n`)
const blocks = [...docs.values()].reduce((sum, doc) => sum + doc.blocks.length, 0)
process.stdout.write(`docs: ${docs.size} documents, ${blocks} blocks, ${faults.length} faults\n`)
process.exit(faults.length > 0 ? 1 : 0)
