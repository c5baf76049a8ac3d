import type { Preview } from '@storybook/react-vite'

const preview: Preview = {
  tags: ['autodocs'],
  globalTypes: {
    scheme: {
      description: 'Colour scheme',
      toolbar: {
        title: 'Scheme',
        icon: 'mirror',
        items: [
          { value: 'auto', title: 'As the system' },
          { value: 'light', title: 'Light' },
          { value: 'dark', title: 'Dark' },
        ],
        dynamicTitle: true,
      },
    },
    direction: {
      description: 'Reading direction',
      toolbar: {
        title: 'Direction',
        icon: 'transfer',
        items: [
          { value: 'ltr', title: 'Left to right' },
          { value: 'rtl', title: 'Right to left' },
        ],
        dynamicTitle: true,
      },
    },
  },
  initialGlobals: {
    scheme: 'auto',
    direction: import.meta.env.STORYBOOK_MODE === 'rtl' ? 'rtl' : 'ltr',
    // the tests show every story in this mode, too; a story that names its own viewport keeps it
    ...(import.meta.env.STORYBOOK_MODE === 'narrow' && { viewport: { value: 'phone' } }),
  },
  parameters: {
    layout: 'padded',
    options: {
      storySort: {
        order: [
          'Introduction',
          'The whole flow',
          'Gates',
          ['StepUpGate', 'TierGuard'],
          'Dialog',
          ['Step-up', 'Ways', 'Enrolment', 'Recovery'],
          'Theming',
          'Wording',
          'Accessibility',
          'Your own dialog',
        ],
      },
    },
    viewport: { options: { phone: { name: 'Small phone', styles: { width: '320px', height: '640px' }, type: 'mobile' } } },
    // a violation is a failed test, not a hint in a panel
    a11y: {
      test: 'error',
      // in forced colours they are the reader's own
      ...(import.meta.env.STORYBOOK_MODE === 'forced' && { config: { rules: [{ id: 'color-contrast', enabled: false }] } }),
    },
  },
}

export default preview
