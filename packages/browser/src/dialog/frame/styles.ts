/** The looks of the dialog. Pages set every colour and measure with `--stile-*` variables; the `--_*` variables are private. */
export const FRAME_STYLES = `
stile-dialog {
  --_border: var(--stile-border, light-dark(#d8dce3, #3a404b));
  --_muted: var(--stile-muted, light-dark(#555d6b, #a9b2c1));
  --_accent: var(--stile-accent, light-dark(#2f5bd7, #8fb0ff));
  --_radius: var(--stile-radius, 12px);
  * {
    box-sizing: border-box;
    margin: 0;
  }
  dialog {
    width: 24rem;
    max-width: calc(100vw - 2rem);
    margin: auto;
    padding: 0;
    border: 1px solid var(--_border);
    border-radius: calc(var(--_radius) + 4px);
    background: var(--stile-surface, light-dark(#fff, #1a1e25));
    color: var(--stile-text, light-dark(#161a21, #eef1f6));
    font: var(--stile-font, 15px / 1.5 system-ui, sans-serif);
    box-shadow: 0 16px 48px #0004;
  }
  ::backdrop {
    background: #0b0e1480;
  }
  form,
  div {
    display: grid;
    gap: 0.625rem;
  }
  form {
    gap: 1.25rem;
    padding: 1.75rem;
    text-align: center;
  }
  svg {
    width: 3.25rem;
    padding: 0.7rem;
    margin: 0 auto 0.75rem;
    display: block;
    border: 2px solid var(--_border);
    border-radius: 50%;
    color: var(--_accent);
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  @media (prefers-reduced-motion: no-preference) {
    [aria-busy="true"] svg {
      animation: stile 0.8s infinite alternate;
    }
  }
  h2 {
    font-size: 1.2em;
    font-weight: 650;
    line-height: 1.3;
    outline: 0;
  }
  p {
    color: var(--_muted);
    text-wrap: balance;
  }
  h2 + p {
    margin-top: 0.25rem;
  }
  p:empty,
  div:empty {
    display: none;
  }
  label {
    display: grid;
    gap: 0.5rem;
    text-align: start;
    font-size: 0.87em;
    font-weight: 500;
  }
  button,
  input {
    width: 100%;
    min-height: 2.75rem;
    padding: 0.5rem 1rem;
    border: 1px solid var(--_border);
    border-radius: var(--_radius);
    background: none;
    color: inherit;
    font: inherit;
  }
  input {
    border-color: var(--_muted);
  }
  [inputmode] {
    font-size: 1.5rem;
    letter-spacing: 0.3em;
    text-align: center;
  }
  button {
    text-align: center;
    font-weight: 600;
    cursor: pointer;
  }
  button:hover {
    border-color: var(--_muted);
  }
  .stile-primary {
    border-color: var(--_accent);
    background: var(--_accent);
    color: var(--stile-on-accent, light-dark(#fff, #0d1526));
  }
  .stile-quiet {
    border-color: #0000;
    color: var(--_muted);
  }
  :focus-visible:is(button, input) {
    outline: 3px solid var(--stile-focus, var(--_accent));
    outline-offset: 2px;
  }
  @media (max-width: 30rem) {
    dialog {
      width: 100%;
      max-width: none;
      margin-bottom: 0;
      border-radius: var(--_radius) var(--_radius) 0 0;
    }
  }
  @media (forced-colors: active) {
    button {
      border-color: ButtonText;
    }
  }
}
@keyframes stile {
  to {
    opacity: 0.35;
  }
}
`
