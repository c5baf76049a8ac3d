import { encode } from 'uqr'

/** The quiet zone that scanners need, in squares. */
const QUIET_ZONE = 4

/**
 * Draws a text as a QR code, as an SVG image. Nothing leaves the browser. The code is dark on white in dark mode, too, because scanners
 * need that.
 */
export function qrImage(text: string): string {
  const { data, size } = encode(text, { border: QUIET_ZONE })
  const squares = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${squares}"/></svg>`
}
