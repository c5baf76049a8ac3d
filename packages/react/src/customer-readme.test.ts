import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the example in the README of the testing package is the one that is compiled and run here', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../testing/README.md'), 'utf8')
  const [, example] = /```tsx no-check\n([\s\S]*?)```/.exec(readme) ?? []
  expect(example).toBe(readFileSync(join(import.meta.dirname, 'customer.test.tsx'), 'utf8'))
})
