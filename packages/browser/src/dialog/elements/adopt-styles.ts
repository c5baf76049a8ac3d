/** Where a style sheet goes, and the nonce that a page's Content-Security-Policy may ask for. */
export type StyleTarget<Scope extends Document | ShadowRoot = ShadowRoot> = Readonly<{
  scope: Scope
  nonce?: string | undefined
}>

const adopted = new WeakMap<object, Set<string>>()

/**
 * Adds a style sheet to the document or shadow root, once.
 *
 * Constructable style sheets need no `style-src`. In browsers without them a `<style>` element carries the nonce of the page's
 * Content-Security-Policy.
 */
export function adoptStyles({ scope, nonce }: StyleTarget<Document | ShadowRoot>, css: string): void {
  const known = adopted.get(scope) ?? new Set()
  if (known.has(css)) return
  adopted.set(scope, known.add(css))
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    scope.adoptedStyleSheets.push(sheet)
  } catch {
    const style = document.createElement('style')
    style.nonce = nonce ?? ''
    style.textContent = css
    ;('head' in scope ? scope.head : scope).append(style)
  }
}
