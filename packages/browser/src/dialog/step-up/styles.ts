/** The looks of what the view of the methods adds: a button for each method, links and the status line. */
export const METHODS_STYLES = `
[part~=way] {
  display: grid;
  grid-template-columns: 1.6em 1fr;
  gap: 0 0.8em;
  align-items: center;
  text-align: start;
  svg {
    width: 1.6em;
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
  &[part~=primary] :is(svg, small) {
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
[part~=link] {
  min-height: 1.7em;
  padding: 0.29em;
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
[role=status] {
  font-size: 0.93em;
}
`
