/** The looks of enrolment, and of a `code` wherever the wizard shows one. */
export const WIZARD_STYLES = `
stile-dialog {
  .stile-choice {
    gap: 0.375rem;
    margin-bottom: 0.5rem;
    font-size: 0.93em;
    :disabled {
      border-style: dashed;
      color: var(--_muted);
      cursor: default;
    }
  }
  img {
    margin: 0 auto;
    border-radius: var(--_radius);
  }
  .stile-secret {
    display: flex;
    align-items: center;
    padding-left: 0.75rem;
    border: 1px solid var(--_border);
    border-radius: var(--_radius);
    button {
      width: auto;
      border: 0;
    }
  }
  code {
    flex: 1;
    font: 0.87em / 1.5 ui-monospace, monospace;
    text-align: start;
    overflow-wrap: anywhere;
    user-select: all;
  }
}
`
