import type { Preview } from '@storybook/react-vite'

const preview: Preview = {
  parameters: {
    layout: 'padded',
    // a violation is a failed test, not a hint in a panel
    a11y: { test: 'error' },
  },
}

export default preview
