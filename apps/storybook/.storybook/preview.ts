import type { Preview } from '@storybook/react-vite'

const preview: Preview = {
  parameters: {
    layout: 'padded',
    options: { storySort: { order: ['Gates', ['StepUpGate', 'TierGuard'], 'Dialog', ['Step-up', 'Enrolment']] } },
    viewport: { options: { phone: { name: 'Phone', styles: { width: '390px', height: '844px' }, type: 'mobile' } } },
    // a violation is a failed test, not a hint in a panel
    a11y: { test: 'error' },
  },
}

export default preview
