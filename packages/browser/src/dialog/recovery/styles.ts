/** The looks of recovery and recovery codes. The codes can be printed without the page around them. */
export const RECOVERY_STYLES = `
stile-dialog {
  .stile-codes {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr));
    gap: 0.375rem 0.75rem;
    padding: 0.875rem;
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
  .stile-row {
    display: flex;
    gap: 0.5rem;
    flex-wrap: wrap;
    button {
      flex: 1;
      width: auto;
      padding: 0.5rem 0.75rem;
    }
  }
  .stile-typed {
    font: 1.1em / 1.5 ui-monospace, monospace;
    text-transform: uppercase;
  }
}
@media print {
  body:has(.stile-codes) > :not(:has(.stile-codes)) {
    display: none;
  }
  stile-dialog:has(.stile-codes) {
    dialog {
      position: static;
      border: 0;
      box-shadow: none;
      color: #000;
      background: none;
    }
    svg,
    button {
      display: none;
    }
    ::backdrop {
      display: none;
    }
  }
}
`
