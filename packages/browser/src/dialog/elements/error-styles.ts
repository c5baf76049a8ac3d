/** The looks of what went wrong: the sentence, and the field that it is about. Whatever can tell of it adopts them. */
export const ERROR_STYLES = `
stile-dialog {
  --_danger: var(--stile-danger, light-dark(#b3261e, #ffb4ab));
  [role="alert"] {
    padding: 0.625rem;
    border: 1px solid;
    border-radius: var(--_radius);
    font-size: 0.93em;
    color: var(--_danger);
  }
  [aria-invalid="true"] {
    border-color: var(--_danger);
  }
}
`
