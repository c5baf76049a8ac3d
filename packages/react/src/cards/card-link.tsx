import { type ReactElement, useLayoutEffect, useRef } from 'react'
import type { CardLinkProps } from '../context/mounted.ts'
import { handOnFocus } from './hand-on-focus.ts'

/** The link of a card that leads to another page. If it goes with the focus, the focus goes on to what comes in its place. */
export function CardLink({ href, children }: CardLinkProps): ReactElement {
  const link = useRef<HTMLAnchorElement>(null)
  useLayoutEffect(() => {
    const shown = link.current
    return () => {
      if (shown) handOnFocus(shown)
    }
  }, [])
  return (
    <a ref={link} href={href}>
      {children}
    </a>
  )
}
