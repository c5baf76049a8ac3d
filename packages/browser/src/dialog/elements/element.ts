const SVG = 'http://www.w3.org/2000/svg'

/** Makes an element. A member that the element has as a property is set as one, any other as an attribute. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  members: Readonly<Record<string, unknown>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(members)) {
    if (name in made) Object.assign(made, { [name]: value })
    else made.setAttribute(name, `${value}`)
  }
  made.append(...children)
  return made
}

/** Draws an icon from the path of its lines, in a square of 24. */
export function icon(drawing: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.setAttribute('part', 'icon')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', drawing)
  svg.append(path)
  return svg
}

/** What a button says and does. */
export type ButtonOptions = Readonly<{
  label: string
  onClick: () => void
  /** The parts that it is besides a `button`, for styling. */
  part?: string
}>

/** Makes a button that does not submit the form. */
export function button({ label, onClick, part = '' }: ButtonOptions): HTMLButtonElement {
  return element('button', { type: 'button', part: `button ${part}`, onclick: onClick }, label)
}

/** Makes the main button, which submits the form. */
export function submitButton(label: string): HTMLButtonElement {
  return element('button', { part: 'button primary' }, label)
}

/** Makes a button without a border, for leaving a view. */
export function quietButton(label: string, onClick: () => void): HTMLButtonElement {
  return button({ label, onClick, part: 'quiet' })
}
