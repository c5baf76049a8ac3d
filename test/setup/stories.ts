/// <reference types="vite/client" />
import { configure } from 'storybook/test'
import { afterEach, expect } from 'vitest'
import { LIMITS } from '../limits.ts'

// what a story looks for may take longer to be drawn on a busy machine
configure({ asyncUtilTimeout: LIMITS.wait })

const { STORYBOOK_MODE: mode } = import.meta.env

/** What holds in each mode: a story that sets its own scheme, width or direction would not be tried in it. */
const HOLDS: Readonly<Record<string, () => boolean>> = {
  light: () => getComputedStyle(document.documentElement).colorScheme === 'light',
  dark: () => getComputedStyle(document.documentElement).colorScheme === 'dark',
  narrow: () => innerWidth === 320,
  forced: () => matchMedia('(forced-colors: active)').matches,
  rtl: () => document.dir === 'rtl',
}

if (mode) afterEach(() => expect(HOLDS[mode]?.(), `This story is not shown in the mode “${mode}”.`).toBe(true))
