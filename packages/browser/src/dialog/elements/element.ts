/** Makes an element: what it has as a property is set as one, all else as an attribute. */
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

/** Makes a button that does not send the form. */
export function button(text: string, onclick: () => void, className = ''): HTMLButtonElement {
  return element('button', { type: 'button', className, onclick }, text)
}

/** Draws an icon from its path. */
export function picture(drawing: string): SVGElement {
  const [svg, path] = ['svg', 'path'].map((name) => document.createElementNS('http://www.w3.org/2000/svg', name)) as unknown as [
    SVGElement,
    Element,
  ]
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', drawing)
  svg.append(path)
  return svg
}

/** The field for a six-digit code; sends itself when it is full. Spaces of a pasted code are dropped. */
export function codeField(label: string, onFull: (code: string) => void): readonly [field: HTMLElement, input: HTMLInputElement] {
  const input = element('input', { autocomplete: 'one-time-code', inputmode: 'numeric', 'aria-describedby': 'stile-alert' })
  input.oninput = () => {
    input.value = input.value.replace(/\D/g, '').slice(0, 6)
    if (input.value[5]) onFull(input.value)
  }
  return [element('label', {}, label, input), input]
}

/** Shows in a code field whether it is being checked and whether it was wrong: focus stays, a wrong code is selected. */
export function markField(input: HTMLInputElement, busy: boolean, wrong: boolean): void {
  input.readOnly = busy
  input.setAttribute('aria-invalid', `${wrong}`)
  if (wrong && !busy) input.select()
}
