import { encode } from 'uqr'

/** Draws a text as a QR code: an SVG of dark squares on white, as scanners need it in the dark too. Nothing leaves the browser. */
export function qrSvg(text: string): string {
  const { data, size } = encode(text, { border: 4 })
  let path = ''
  data.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`
    })
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`
}
