import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

/** One import: static, of types alone, re-exported or dynamic. Paths are relative to the root of the repository. */
export type Import = Readonly<{ from: string; specifier: string /** The file, if the specifier is a path. */; to?: string }>

const NOT_SOURCE = /\.(?:test|test-support|stories)\.tsx?$/

/** Whether a file is part of what a package is, and not a test, what supports tests, or a story. */
export function isSource(path: string): boolean {
  return !NOT_SOURCE.test(path)
}

/** Every import of every file of a package, tests and stories included. */
export function readImports(name: string): readonly Import[] {
  const files = globSync(`packages/${name}/{src,bench}/**/*.{ts,tsx}`, { cwd: ROOT })
  return files.flatMap((from) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, from), 'utf8'), true, true)
    return importedFiles.map(({ fileName: specifier }) => {
      const to = specifier.startsWith('.') ? fileAt(resolve(ROOT, dirname(from), specifier)) : undefined
      return { from, specifier, ...(to !== undefined && { to }) }
    })
  })
}

/** The file that a path stands for: itself, the source of a `.js`, or the `index` of a folder. */
function fileAt(path: string): string {
  const stem = path.replace(/\.jsx?$/, '')
  const found = [path, `${stem}.ts`, `${stem}.tsx`, join(path, 'index.ts')].find((each) => /\.\w+$/.test(each) && existsSync(each))
  return relative(ROOT, found ?? path)
}
