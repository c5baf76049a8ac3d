import { type Import, isSource } from './imports.ts'

/** The nodes of one folder: its files and the folders in it, each with the nodes that it imports and one import that shows it. */
export type Graph = ReadonlyMap<string, ReadonlyMap<string, Import>>

/**
 * The graph of what stands directly in a folder. A file that stands there is a node of its own, because files may lie on different
 * floors; a folder is one node with everything below it.
 */
export function graphOf(folder: string, imports: readonly Import[]): Graph {
  const graph = new Map<string, Map<string, Import>>()
  for (const each of imports) {
    if (!isSource(each.from)) continue
    const from = nodeIn(folder, each.from)
    if (from === undefined) continue
    const targets = graph.get(from) ?? new Map<string, Import>()
    graph.set(from, targets)
    const to = each.to === undefined ? undefined : nodeIn(folder, each.to)
    if (to === undefined || to === from) continue
    if (!graph.has(to)) graph.set(to, new Map())
    if (!targets.has(to)) targets.set(to, each)
  }
  return graph
}

/** Whether a node is a folder. */
export function isFolder(node: string): boolean {
  return !/\.tsx?$/.test(node)
}

/** Every folder that a file lies in, from the given one down. */
export function foldersIn(top: string, imports: readonly Import[]): readonly string[] {
  const folders = new Set<string>()
  for (const { from } of imports) {
    const parts = from.split('/').slice(0, -1)
    for (let length = 1; length <= parts.length; length++) folders.add(parts.slice(0, length).join('/'))
  }
  return [...folders].filter((folder) => folder === top || folder.startsWith(`${top}/`)).sort()
}

/** The shortest circle through a node, as the imports that close it; `undefined` if there is none. */
export function circleThrough(start: string, graph: Graph): readonly Import[] | undefined {
  const queue: { node: string; path: readonly Import[] }[] = [{ node: start, path: [] }]
  const seen = new Set<string>()
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const [to, by] of graph.get(next.node) ?? []) {
      const path = [...next.path, by]
      if (to === start) return path
      if (!seen.has(to)) queue.push({ node: to, path })
      seen.add(to)
    }
  }
  return undefined
}

function nodeIn(folder: string, path: string): string | undefined {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split('/', 1)[0] : undefined
}
