/** The looks of fields and their labels: no passkey asks for one. What a field has in common with a button is in the looks of the dialog. */
export const FIELD_STYLES = `
label {
  display: grid;
  gap: 0.6em;
  text-align: start;
  font-size: 0.87em;
  font-weight: 500;
}
input {
  border-color: var(--_muted);
}
[inputmode] {
  min-height: 0;
  padding: 0.33em;
  font-size: 1.84em;
  letter-spacing: 0.3em;
  text-align: center;
}
`
