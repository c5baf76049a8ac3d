/** The looks of recovery and recovery codes. */
export const RECOVERY_STYLES = `
[part=codes] {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(12.3em, 1fr));
  gap: 0.4em 0.8em;
  padding: 0.93em;
  border: 1px solid var(--_border);
  border-radius: var(--_radius);
  list-style: none;
  code {
    font-size: 0.93em;
    text-align: center;
    display: block;
    white-space: nowrap;
  }
}
[part=row] {
  display: flex;
  gap: 0.53em;
  flex-wrap: wrap;
  button {
    flex: 1;
    width: auto;
    padding: 0.53em 0.8em;
  }
}
[part=tick] {
  grid-template-columns: auto 1fr;
  align-items: center;
  input {
    width: 1.2em;
    min-height: 1.2em;
    accent-color: var(--_accent);
  }
}
[part~=primary]:disabled {
  opacity: 0.5;
  cursor: default;
}
[part~=typed] {
  font: 1.1em / 1.5 ui-monospace, monospace;
  text-transform: uppercase;
}
@media print {
  dialog {
    position: static;
    border: 0;
    box-shadow: none;
    color: #000;
    background: none;
  }
  svg,
  button,
  [part="tick"],
  ::backdrop {
    display: none;
  }
}
`

/** Keeps the page off the paper while recovery codes are shown. The one rule that reaches out of the dialog: the page is the document's. */
export const PRINT_STYLES = `
@media print {
  body:has(stile-dialog[data-codes]) > :not(stile-dialog[data-codes], :has(stile-dialog[data-codes])) {
    display: none;
  }
}
`
