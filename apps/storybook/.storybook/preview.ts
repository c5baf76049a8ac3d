import type { Preview } from '@storybook/react-vite'

const preview: Preview = {
  // the tests show every story in this mode, too; a story that names its own viewport keeps it
  initialGlobals: import.meta.env.STORYBOOK_MODE === 'narrow' ? { viewport: { value: 'phone' } } : {},
  parameters: {
    layout: 'padded',
    options: { storySort: { order: ['Gates', ['StepUpGate', 'TierGuard'], 'Dialog', ['Step-up', 'Ways', 'Enrolment', 'Recovery']] } },
    viewport: { options: { phone: { name: 'Small phone', styles: { width: '320px', height: '640px' }, type: 'mobile' } } },
    // a violation is a failed test, not a hint in a panel
    a11y: { test: 'error' },
  },
}

export default preview
