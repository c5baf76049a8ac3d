/** The looks of fields, and of what the dialog answers with: that it is at work, what went wrong, and the field that it is about. */
export const FEEDBACK_STYLES = `
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
:host {
  --_danger: var(--stile-danger, light-dark(#b3261e, #ffb4ab));
}
[role=alert] {
  padding: 0.67em;
  border: 1px solid;
  border-radius: var(--_radius);
  font-size: 0.93em;
  color: var(--_danger);
}
[aria-invalid] {
  border-color: var(--_danger);
}
button {
  animation: settle 0.3s;
  &:hover {
    border-color: var(--_muted);
  }
}
@keyframes settle {
  from,
  to {
    pointer-events: none;
  }
}
[aria-busy="true"] [part~="primary"] {
  opacity: 0.6;
  transition: opacity 0.2s 0.4s;
}
@media (prefers-reduced-motion: no-preference) {
  [aria-busy=true] svg {
    animation: pulse 0.8s infinite alternate;
  }
}
@keyframes pulse {
  to {
    opacity: 0.35;
  }
}
`
