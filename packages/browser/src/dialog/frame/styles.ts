/**
 * The looks of the dialog. Pages set every colour and measure with `--stile-*` variables; the `--_*` variables are private.
 *
 * Nothing of the page is inherited but the direction and the colour scheme. Measures are in `em` from `medium`, the size that the reader chose:
 * many pages set the size of the root, and with it `rem`, to something else.
 */
export const FRAME_STYLES = `
:host {
  all: initial !important;
  display: contents !important;
  color-scheme: var(--stile-color-scheme, inherit) !important;
  --_border: var(--stile-border, light-dark(#d8dce3, #3a404b));
  --_muted: var(--stile-muted, light-dark(#555d6b, #a9b2c1));
  --_accent: var(--stile-accent, light-dark(#2f5bd7, #8fb0ff));
  --_radius: var(--stile-radius, 12px);
  --_top: min(12vh, 7em);
}
* {
  box-sizing: border-box;
  margin: 0;
}
dialog {
  width: 25.6em;
  max-width: calc(100vw - 2em);
  max-height: calc(100% - var(--_top) - 1em);
  margin: var(--_top) auto auto;
  padding: 0;
  border: 1px solid var(--_border);
  border-radius: calc(var(--_radius) + 4px);
  background: var(--stile-surface, light-dark(#fff, #1a1e25));
  color: var(--stile-text, light-dark(#161a21, #eef1f6));
  font: var(--stile-font, 0.9375em / 1.5 system-ui, sans-serif);
  box-shadow: 0 16px 48px #0004;
}
::backdrop {
  background: #0b0e1480;
}
form,
div {
  display: grid;
  gap: 0.67em;
}
form {
  gap: 1.33em;
  padding: 1.87em;
  text-align: center;
}
svg {
  width: 3.47em;
  padding: 0.75em;
  margin: 0 auto 0.13em;
  border: 2px solid var(--_border);
  border-radius: 50%;
  color: var(--_accent);
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
  stroke-linecap: round;
}
h2 {
  font-size: 1.2em;
  font-weight: 600;
  line-height: 1.3;
  outline: 0;
}
p {
  color: var(--_muted);
  text-wrap: balance;
}
h2 + p {
  margin-top: -0.4em;
}
[part="about"] {
  font-size: 0.93em;
  white-space: pre-line;
}
p:empty,
div:empty {
  display: none;
}
button,
input {
  width: 100%;
  min-height: 2.93em;
  padding: 0.53em 1.07em;
  border: 1px solid var(--_border);
  border-radius: var(--_radius);
  background: none;
  color: inherit;
  font: inherit;
}
button {
  font-weight: 600;
  cursor: pointer;
}
[part~=primary] {
  border-color: var(--_accent);
  background: var(--_accent);
  color: var(--stile-on-accent, light-dark(#fff, #0d1526));
}
[part~=quiet] {
  border-color: #0000;
  color: var(--_muted);
}
:focus-visible:is(button, input) {
  outline: 3px solid var(--stile-focus, var(--_accent));
  outline-offset: 2px;
}
@media (prefers-reduced-motion: no-preference) {
  dialog {
    animation: appear 0.15s;
  }
}
@keyframes appear {
  from {
    opacity: 0;
  }
}
@media (max-width: 30em) {
  dialog {
    min-width: 100%;
    max-height: 100%;
    margin: auto 0 0;
    border-radius: var(--_radius) var(--_radius) 0 0;
  }
  form {
    align-content: start;
    min-height: var(--_height);
    padding-bottom: calc(1.87em + env(safe-area-inset-bottom));
  }
}
`
