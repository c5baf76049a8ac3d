import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLOORS } from './floors.ts'
import { graphOf } from './graph.ts'
import { type Import, ROOT } from './imports.ts'

const DOCUMENT = 'CONTRIBUTING.md'
const BEGIN = '<!-- floors: written by `node scripts/architecture.ts --write` -->'
const END = '<!-- /floors -->'
const WIDTH = 118

/** The folders of the server by floor, the highest first; on each floor, those that import others of it come first. */
export function drawFloors(imports: readonly Import[]): string {
  const graph = graphOf('packages/server/src', imports)
  return FLOORS.toReversed()
    .flatMap(({ name, says, holds }) => {
      const present = holds.filter((node) => graph.has(node)).toReversed()
      return [`${name}: ${says}`, ...present.flatMap((node) => lines(node, [...(graph.get(node)?.keys() ?? [])].sort())), '']
    })
    .join('\n')
    .trimEnd()
}

/** Whether the drawing in the document is the one that the imports make; with `write` it is replaced. */
export function drawingFaults(drawing: string, write: boolean): readonly string[] {
  const path = join(ROOT, DOCUMENT)
  const text = readFileSync(path, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin === -1 || end < begin) return [`${DOCUMENT} has no place for the floors.\n  Write ${BEGIN} and ${END} on lines of their own.`]
  const wanted = `${text.slice(0, begin)}${BEGIN}\n\n\`\`\`text\n${drawing}\n\`\`\`\n\n${text.slice(end)}`
  if (wanted === text) return []
  if (write) writeFileSync(path, wanted)
  return write ? [] : [`${DOCUMENT} shows the floors as they were.\n  Run: node scripts/architecture.ts --write`]
}

function lines(node: string, targets: readonly string[]): readonly string[] {
  const rows: string[] = []
  let row = `  ${node.padEnd(16)} ${targets.length === 0 ? '' : '->'}`
  for (const [index, target] of targets.entries()) {
    const next = ` ${target}${index < targets.length - 1 ? ',' : ''}`
    if (row.length + next.length > WIDTH) {
      rows.push(row)
      row = ' '.repeat(21)
    }
    row += next
  }
  return [...rows, row.trimEnd()]
}
