import { encode } from 'uqr'

/** The quiet zone that scanners need, in squares. */
const QUIET_ZONE = 4
const SVG = 'http://www.w3.org/2000/svg'

/** How the dialog shows it: not as it shows its icons. */
export const QR_STYLES = `
svg[part=qr] {
  width: 176px;
  margin: 0 auto;
  padding: 0;
  border: 0;
  border-radius: var(--_radius);
  fill: #000;
  stroke: none;
  animation: none;
  forced-color-adjust: none;
}
`

/**
 * Draws a text as a QR code, as an SVG image. Nothing leaves the browser. The code is dark on white in dark mode, too, because scanners
 * need that.
 */
export function qrImage(text: string): string {
  const { size, background, squares } = draw(text)
  return `<svg xmlns="${SVG}" viewBox="0 0 ${size} ${size}"><path fill="#fff" d="${background}"/><path d="${squares}"/></svg>`
}

/**
 * Draws a text as a QR code, as an element. It is made with calls of the DOM, so that a Content-Security-Policy need not allow images that are
 * `data:`, nor Trusted Types a policy.
 *
 * @param label  what screen readers say of it
 */
export function qrElement(text: string, label: string): SVGElement {
  const { size, background, squares } = draw(text)
  const image = svgElement('svg', { part: 'qr', role: 'img', 'aria-label': label, viewBox: `0 0 ${size} ${size}` })
  image.append(svgElement('path', { fill: '#fff', d: background }), svgElement('path', { d: squares }))
  return image
}

function draw(text: string): Readonly<{ size: number; background: string; squares: string }> {
  const { data, size } = encode(text, { border: QUIET_ZONE })
  const squares = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return { size, background: `M0 0h${size}v${size}H0z`, squares }
}

function svgElement(tag: 'svg' | 'path', attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}
