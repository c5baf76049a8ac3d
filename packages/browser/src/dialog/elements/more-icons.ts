/** The drawings of the views that are loaded later. They are beside those of the first prompt, so that it need not load them. */
export const ICONS = {
  passkey: 'M13 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM2 21c0-4 3-7 7-7 1.5 0 3 .4 4 1.2M19 17v5m0-5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm0 3h2',
  usb: 'M8 9h8v13H8zm2-7h4v7h-4zm2 13v2',
  mail: 'M2 5h20v14H2zm0 1 10 8 10-8',
  door: 'M10 3h10v18H10M2 12h12m-4-4 4 4-4 4',
  codes: 'M4 3h16v18H4zm4 5h8m-8 4h8m-8 4h5',
  done: 'm5 12 5 5L19 7',
  stop: 'M12 6v7m0 4v.1',
} as const
