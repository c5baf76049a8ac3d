import { type CSSProperties, type ReactElement, type ReactNode, useEffect } from 'react'

type LookProps = Readonly<{
  /** The toolbar's choices. */
  globals: Readonly<Record<string, unknown>>
  children: ReactNode
}>

const BACKGROUND = 'light-dark(#fff, #11141a)'

/** Docs pages are white around it in the dark, too. */
const PAGE_STYLE: CSSProperties = {
  fontFamily: 'system-ui, sans-serif',
  fontSize: 15,
  color: 'light-dark(#161a21, #eef1f6)',
  background: BACKGROUND,
  boxShadow: `0 0 0 12px ${BACKGROUND}`,
}

/** The page around a story, in the colour scheme and reading direction of the toolbar. */
export function Look({ globals, children }: LookProps): ReactElement {
  const scheme = globals.scheme === 'light' || globals.scheme === 'dark' ? globals.scheme : undefined
  const direction = globals.direction === 'rtl' ? 'rtl' : 'ltr'
  useEffect(() => {
    const shown = scheme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
    document.documentElement.style.colorScheme = shown
    document.body.style.background = BACKGROUND
  }, [scheme])
  useEffect(() => {
    document.documentElement.dir = direction
  }, [direction])
  return <main style={PAGE_STYLE}>{children}</main>
}
