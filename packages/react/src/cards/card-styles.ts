/** The looks of the cards. Pages set every colour with the `--stile-*` variables that the dialog uses, too. */
const CARD_STYLES = `
[data-stile-gate] {
  outline: 0;
}
[data-stile-loading] {
  color: var(--stile-muted, light-dark(#555d6b, #a9b2c1));
}
[data-stile-card] {
  all: revert;
  display: grid;
  gap: 0.53em;
  justify-items: start;
  box-sizing: border-box;
  min-width: 0;
  max-width: 34em;
  margin: 0;
  padding: 1.33em;
  border: 1px solid var(--stile-border, light-dark(#d8dce3, #3a404b));
  border-radius: var(--stile-radius, 12px);
  background: var(--stile-surface, light-dark(#fff, #1a1e25));
  color: var(--stile-text, light-dark(#161a21, #eef1f6));
  font: var(--stile-font, inherit);
  > * {
    all: revert;
    margin: 0;
  }
  :is(h2, h3, h4, h5, h6) {
    color: inherit;
    font-size: 1.0625em;
    font-weight: 600;
  }
  p {
    color: var(--stile-muted, light-dark(#555d6b, #a9b2c1));
    line-height: 1.5;
  }
  p:empty {
    position: absolute;
  }
  a,
  button {
    margin-top: 0.53em;
    padding: 0.67em 1.07em;
    min-height: 2.93em;
    box-sizing: border-box;
    border: 1px solid #0000;
    border-radius: calc(var(--stile-radius, 12px) - 4px);
    background: var(--stile-accent, light-dark(#2f5bd7, #8fb0ff));
    color: var(--stile-on-accent, light-dark(#fff, #0d1526));
    font: inherit;
    font-weight: 600;
    text-decoration: none;
    cursor: pointer;
  }
  :focus-visible {
    outline: 3px solid var(--stile-focus, light-dark(#2f5bd7, #8fb0ff));
    outline-offset: 2px;
  }
  [aria-disabled="true"] {
    opacity: 0.6;
    cursor: progress;
  }
}
`

let isAdopted = false

/** Adopts the style sheet once per page. Constructable style sheets need no `style-src` in a Content-Security-Policy. */
export function adoptGateStyles(): void {
  if (isAdopted) return
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(CARD_STYLES)
    document.adoptedStyleSheets.push(sheet)
    isAdopted = true
  } catch {
    // in a browser without them the cards have the looks of the page
  }
}
