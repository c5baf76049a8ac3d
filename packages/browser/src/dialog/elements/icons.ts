/** The drawings that the first prompt needs, in a square of 24. */
export const PROMPT_ICONS = {
  key: 'M9 15a4 4 0 1 1-8 0 4 4 0 0 1 8 0zm-1-3L19 3m-5 4 3 4',
  phone: 'M7 2h10v20H7zm4 16h2',
} as const
