/** The looks of the dialog; every colour and measure can be set with `--stile-*` variables. */
const CSS = `stile-dialog{--b:var(--stile-border,light-dark(#d8dce3,#3a404b));--m:var(--stile-muted,light-dark(#555d6b,#a9b2c1));--a:var(--stile-accent,light-dark(#2f5bd7,#8fb0ff));--d:var(--stile-danger,light-dark(#b3261e,#ffb4ab));--r:var(--stile-radius,12px);*{box-sizing:border-box;margin:0}dialog{width:24rem;max-width:calc(100vw - 2rem);margin:auto;padding:0;border:1px solid var(--b);border-radius:calc(var(--r) + 4px);background:var(--stile-surface,light-dark(#fff,#1a1e25));color:var(--stile-text,light-dark(#161a21,#eef1f6));font:var(--stile-font,15px/1.5 system-ui,sans-serif);box-shadow:0 16px 48px #0004}::backdrop{background:#0b0e1480}form,div{display:grid;gap:.625rem}form{gap:1.25rem;padding:1.75rem;text-align:center}svg{width:3.25rem;padding:.7rem;margin:0 auto .75rem;display:block;border:2px solid var(--b);border-radius:50%;color:var(--a);fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}[aria-busy=true] svg{animation:stile .8s infinite alternate}h2{font-size:1.2em;font-weight:650;line-height:1.3;outline:0}p{color:var(--m);text-wrap:balance}h2+p{margin-top:.25rem}p:empty,div:empty{display:none}[role=alert]{padding:.625rem;border:1px solid;border-radius:var(--r);font-size:.93em;color:var(--d)}label{display:grid;gap:.5rem;text-align:start;font-size:.87em;font-weight:500}button,input{width:100%;min-height:2.75rem;padding:.5rem 1rem;border:1px solid var(--b);border-radius:var(--r);background:none;color:inherit;font:inherit}input{border-color:var(--m)}[inputmode]{font-size:1.5rem;letter-spacing:.3em;text-align:center}[aria-invalid=true]{border-color:var(--d)}button{display:block;text-align:center;font-weight:600;cursor:pointer}button:hover{border-color:var(--m)}.stile-primary{border-color:var(--a);background:var(--a);color:var(--stile-on-accent,light-dark(#fff,#0d1526))}.stile-quiet{border-color:#0000;color:var(--m)}:disabled{opacity:.5}:focus-visible:is(button,input){outline:3px solid var(--stile-focus,var(--a));outline-offset:2px}}@media(max-width:30rem){stile-dialog dialog{width:100%;max-width:none;margin-bottom:0;border-radius:var(--r) var(--r) 0 0}}@media(prefers-reduced-motion){stile-dialog *{animation:none!important}}@media(forced-colors:active){stile-dialog button{border-color:ButtonText}}@keyframes stile{to{opacity:.35}}`

const adopted = new WeakMap<object, Set<string>>()

/**
 * Adds a style sheet to the document or shadow root, once. Constructable style sheets need no `style-src`; without them a `<style>`
 * element carries the nonce of the page's Content-Security-Policy.
 */
export function adoptStyles(scope: Document | ShadowRoot, nonce: string | undefined, css: string = CSS): void {
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
