// What the views are made of. They import it from here, so that bundlers keep it in one file: every view needs most of it.
export { adoptStyles, type StyleTarget } from './elements/adopt-styles.ts'
export { button, element, icon, quietButton, submitButton } from './elements/element.ts'
export { PROMPT_ICONS } from './elements/icons.ts'
export { createSay, PROMPT_TEXTS, type Say, type Texts } from './texts/texts.ts'
