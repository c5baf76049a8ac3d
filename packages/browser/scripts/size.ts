import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Bundles source with esbuild and tells the gzip size of the entry and of each chunk that it loads later. */
const root = join(import.meta.dirname, '..')
const entries = {
  createStile: "export { createStile } from './src/client.ts'",
  dialog: "export { mountDialog } from './src/dialog/index.ts'",
  enroll: "export { createEnrollment } from './src/enroll/index.ts'",
  all: "export { createStile } from './src/index.ts'\nexport { mountDialog } from './src/dialog/index.ts'\nexport { createEnrollment } from './src/enroll/index.ts'",
}
for (const [name, source] of Object.entries(entries)) {
  const out = mkdtempSync(join(tmpdir(), 'stile-size-'))
  const entry = join(root, `.size-${name}.ts`)
  writeFileSync(entry, source)
  try {
    execFileSync(join(root, '../../node_modules/.bin/esbuild'), [
      entry,
      '--bundle',
      '--minify',
      '--splitting',
      '--format=esm',
      '--target=es2023',
      '--conditions=@stile/source',
      '--log-level=warning',
      `--outdir=${out}`,
    ])
    console.log(`\n${name}`)
    for (const file of readdirSync(out)) console.log(`  ${gzipSync(readFileSync(join(out, file)), { level: 9 }).length}  ${file}`)
  } finally {
    rmSync(out, { recursive: true })
    rmSync(entry)
  }
}
