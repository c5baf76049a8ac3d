import { FLOORS, floorOf } from './floors.ts'
import { circleThrough, foldersIn, graphOf, isFolder } from './graph.ts'
import { type Import, isSource } from './imports.ts'

const SERVER = 'packages/server/src'
const NAMES_OF_APPS = /^@stile\/(?:demo|service|storybook|test)(?:\/|$)/

/**
 * No two folders import each other, also not through a third, types included. It is asked of each folder of a package about what stands
 * in it; files that form a circle among themselves are the linter's to find.
 */
export function circles(name: string, imports: readonly Import[]): readonly string[] {
  return foldersIn(`packages/${name}/src`, imports).flatMap((folder) => {
    const graph = graphOf(folder, imports)
    const told = new Set<string>()
    return [...graph.keys()].filter(isFolder).flatMap((node) => {
      const circle = told.has(node) ? undefined : circleThrough(node, graph)
      if (circle === undefined) return []
      for (const { from } of circle) told.add(from.slice(folder.length + 1).split('/', 1)[0] ?? '')
      return [
        `A circle of folders in ${folder}:\n${circle.map(shown).join('\n')}\n` +
          '  No two folders import each other, types included. Move what both need into the lower one, or pass it in.',
      ]
    })
  })
}

/** In the server, each folder stands on a floor, and an import goes down or stays there. */
export function climbs(imports: readonly Import[]): readonly string[] {
  const graph = graphOf(SERVER, imports)
  const homeless = [...graph.keys()].filter((node) => floorOf(node) === undefined)
  return [
    ...homeless.map(
      (node) => `${SERVER}/${node} stands on no floor.\n  List it in FLOORS of scripts/architecture/floors.ts, on the floor of its noun.`,
    ),
    ...[...graph].flatMap(([node, targets]) =>
      [...targets].flatMap(([to, by]) => {
        const [own, other] = [floorOf(node), floorOf(to)]
        if (own === undefined || other === undefined || other <= own) return []
        return [
          `An import goes up, from ${FLOORS[own]?.name} (${node}) to ${FLOORS[other]?.name} (${to}):\n${shown(by)}\n` +
            '  An import goes down or stays on its floor. Move what both need down, or have it passed in.',
        ]
      }),
    ),
  ]
}

/** Nothing in a package, stories and tests included, imports from an app or from test/, and no source names its own package. */
export function strays(name: string, imports: readonly Import[]): readonly string[] {
  const own = `@stile/${name}`
  return imports.flatMap((each) => {
    const { from, specifier, to } = each
    if (to === undefined ? NAMES_OF_APPS.test(specifier) : /^(?:apps|test)\//.test(to))
      return [
        `A package imports from an app or from test/:\n${shown(each)}\n  Packages are below both. Move what it needs into a package, or beside the file.`,
      ]
    // a name hides which folder is meant; tests and benchmarks may use the package as others do
    if (from.startsWith(`packages/${name}/src/`) && isSource(from) && (specifier === own || specifier.startsWith(`${own}/`)))
      return [`A package imports itself by its name:\n${shown(each)}\n  Import the file by its path, so that its folder can be seen.`]
    return []
  })
}

function shown({ from, to, specifier }: Import): string {
  return `    ${from} -> ${to ?? specifier}`
}
