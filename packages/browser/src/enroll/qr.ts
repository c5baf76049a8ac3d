import { encode } from 'uqr'

/** A QR code as an SVG path of dark squares; `size` counts its quiet zone, as scanners need it. Nothing leaves the browser. */
export function qrPath(text: string): readonly [path: string, size: number] {
  const { data, size } = encode(text, { border: 4 })
  return [data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join(''), size]
}
