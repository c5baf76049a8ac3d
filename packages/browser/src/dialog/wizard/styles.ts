/** The looks of enrolment, and of a `code` wherever the wizard shows one. */
export const WIZARD_STYLES = `
[part=choice] {
  gap: 0.43em;
  margin-bottom: 0.57em;
  font-size: 0.93em;
  :disabled {
    border-style: dashed;
    color: var(--_muted);
    cursor: default;
  }
}
a {
  padding: 0.67em;
  color: var(--_accent);
}
code {
  flex: 1;
  font: 0.87em / 1.5 ui-monospace, monospace;
  text-align: start;
  overflow-wrap: anywhere;
  user-select: all;
}
`
