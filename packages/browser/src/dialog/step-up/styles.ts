/** The looks of what the ways view adds: a button for each way, links and the status line. */
export const WAYS_STYLES = `
stile-dialog {
  .stile-way {
    display: grid;
    grid-template-columns: 1.5rem 1fr;
    gap: 0 0.75rem;
    align-items: center;
    text-align: start;
    svg {
      width: 1.5rem;
      padding: 0;
      margin: 0;
      border: 0;
      border-radius: 0;
      grid-row: span 2;
      animation: none;
    }
    svg:has(+ span:last-child) {
      grid-row: auto;
    }
    small {
      grid-column: 2;
      font-weight: 400;
      color: var(--_muted);
      overflow-wrap: anywhere;
    }
    &.stile-primary :is(svg, small) {
      color: inherit;
    }
    &:disabled {
      opacity: 1;
      border-style: dashed;
      color: var(--_muted);
      cursor: default;
      svg {
        opacity: 0.5;
      }
    }
  }
  .stile-link {
    min-height: 1.5rem;
    padding: 0.25rem;
    border: 0;
    color: var(--_muted);
    font-weight: 400;
    font-size: 0.93em;
    text-decoration: underline;
    text-underline-offset: 0.2em;
    &:disabled {
      text-decoration: none;
      cursor: default;
    }
  }
  [role="status"] {
    font-size: 0.93em;
  }
}
`
