/** The looks of the dialog; every colour and measure can be set with `--stile-*` variables. */
const CSS = `
stile-dialog{--s:var(--stile-surface,light-dark(#fff,#1a1e25));--t:var(--stile-text,light-dark(#161a21,#eef1f6));--m:var(--stile-muted,light-dark(#555d6b,#a9b2c1));--b:var(--stile-border,light-dark(#d8dce3,#3a404b));--a:var(--stile-accent,light-dark(#2f5bd7,#8fb0ff));--o:var(--stile-on-accent,light-dark(#fff,#0d1526));--r:var(--stile-radius,12px)}
stile-dialog *{box-sizing:border-box}
stile-dialog dialog{width:24rem;max-width:calc(100vw - 2rem);max-height:calc(100dvh - 2rem);margin:auto;padding:0;border:1px solid var(--b);border-radius:calc(var(--r) + 4px);background:var(--s);color:var(--t);font:var(--stile-font,15px/1.5 system-ui,sans-serif);box-shadow:var(--stile-shadow,0 1px 2px #0002,0 16px 48px #0004);overflow:auto}
stile-dialog dialog[open]{animation:stile-in .18s ease-out}
stile-dialog dialog::backdrop{background:#0b0e14;opacity:.5}
stile-dialog form{display:grid;gap:1.25rem;padding:1.75rem;margin:0}
stile-dialog header{display:grid;gap:.25rem;justify-items:center;text-align:center}
stile-dialog svg{fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
stile-dialog i{display:grid;place-items:center;position:relative;width:3.25rem;height:3.25rem;margin-bottom:.75rem;color:var(--a)}
stile-dialog i svg{width:1.5rem}
stile-dialog i::after{content:"";position:absolute;inset:0;border:2px solid var(--b);border-radius:50%}
stile-dialog [aria-busy=true] i::after{border-top-color:var(--a);animation:stile-turn .9s linear infinite}
stile-dialog [data-icon=done] i{color:var(--stile-success,light-dark(#177245,#6bd49f))}
stile-dialog h2{margin:0;font-size:1.1875rem;font-weight:650;line-height:1.3;letter-spacing:-.01em;color:inherit;text-wrap:balance}
stile-dialog p{margin:0;color:var(--m)}
stile-dialog h2:focus{outline:0}
stile-dialog :empty:is(p,div){display:none}
stile-dialog [role=alert]{padding:.625rem .75rem;border:1px solid;border-radius:var(--r);font-size:.9333em;color:var(--stile-danger,light-dark(#b3261e,#ffb4ab))}
stile-dialog .stile-body,stile-dialog .stile-actions{display:grid;gap:.625rem}
stile-dialog .stile-body{text-align:center}
stile-dialog label{display:grid;gap:.5rem;text-align:start;font-size:.9333em;font-weight:550}
stile-dialog input{width:100%;min-height:3rem;padding:.5rem .75rem;border:1px solid var(--m);border-radius:var(--r);background:transparent;color:inherit;font:inherit;font-size:1rem}
stile-dialog .stile-code{font:600 1.5rem/1.3 ui-monospace,monospace;letter-spacing:.35em;text-align:center}
stile-dialog [aria-invalid=true]{border-color:var(--stile-danger,light-dark(#b3261e,#ffb4ab))}
stile-dialog button{min-height:2.75rem;padding:.5rem 1rem;border:1px solid var(--b);border-radius:var(--r);background:transparent;color:inherit;font:inherit;font-weight:600;cursor:pointer}
stile-dialog button:hover{border-color:var(--m)}
stile-dialog .stile-primary{border-color:transparent;background:var(--a);color:var(--o)}
stile-dialog .stile-quiet{border-color:transparent;color:var(--m)}
stile-dialog button:disabled{opacity:.55;cursor:default}
stile-dialog :is(button,input):focus-visible{outline:3px solid var(--stile-focus,var(--a));outline-offset:2px}
stile-dialog .stile-choice{display:grid;gap:.375rem;text-align:start;font-size:.9333em}
stile-dialog .stile-qr{margin:0 auto;border-radius:var(--r);background:#fff}
stile-dialog .stile-secret{display:flex;gap:.5rem;align-items:center;justify-content:space-between;padding:0 0 0 .75rem;border:1px solid var(--b);border-radius:var(--r)}
stile-dialog code{font:.8667em/1.5 ui-monospace,monospace;text-align:start;overflow-wrap:anywhere;user-select:all}
@media (max-width:30rem){stile-dialog dialog{width:100%;max-width:none;margin:auto 0 0;border-width:1px 0 0;border-radius:calc(var(--r) + 8px) calc(var(--r) + 8px) 0 0}stile-dialog form{padding:1.5rem 1.25rem calc(1.5rem + env(safe-area-inset-bottom))}}
@media (prefers-reduced-motion:reduce){stile-dialog *{animation:none!important}}
@media (forced-colors:active){stile-dialog button{border-color:ButtonText}stile-dialog .stile-primary{border-width:2px}}
@keyframes stile-in{from{opacity:0;transform:translateY(8px)}}
@keyframes stile-turn{to{rotate:1turn}}`

const adopted = new WeakSet<object>()

/**
 * Adds a style sheet to the document or shadow root, once. Constructable style sheets need no `style-src`; without them a `<style>`
 * element carries the nonce of the page's Content-Security-Policy.
 */
export function adoptStyles(scope: Document | ShadowRoot, nonce: string | undefined, css: string = CSS): void {
  if (adopted.has(scope)) return
  adopted.add(scope)
  if (scope.adoptedStyleSheets && 'replaceSync' in (globalThis.CSSStyleSheet?.prototype ?? {})) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    scope.adoptedStyleSheets = [...scope.adoptedStyleSheets, sheet]
  } else {
    const style = document.createElement('style')
    if (nonce) style.nonce = nonce
    style.textContent = css
    ;('head' in scope ? scope.head : scope).append(style)
  }
}
