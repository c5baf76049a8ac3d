import type { Preview } from '@storybook/react-vite'
import { ForcedColours } from './forced-colours.tsx'
import { Look } from './look.tsx'

const { STORYBOOK_MODE } = import.meta.env

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
    forcedColours: {
      description: 'Forced colours',
      toolbar: {
        title: 'Forced colours',
        icon: 'contrast',
        items: [
          { value: 'auto', title: 'As the system' },
          { value: 'how', title: 'How to turn them on' },
        ],
      },
    },
  },
  initialGlobals: {
    scheme: 'auto',
    direction: STORYBOOK_MODE === 'rtl' ? 'rtl' : 'ltr',
    forcedColours: 'auto',
    // the tests show every story in this mode, too
    ...(STORYBOOK_MODE === 'narrow' && { viewport: { value: 'narrow' } }),
  },
  decorators: [
    (Story, { globals }) => (
      <Look globals={globals}>
        {globals.forcedColours === 'how' && <ForcedColours />}
        <Story />
      </Look>
    ),
  ],
  parameters: {
    layout: 'padded',
    options: {
      storySort: {
        order: [
          'Introduction',
          'The whole flow',
          'Provider',
          'Gates',
          ['StepUpGate', 'TierGuard'],
          'Hooks',
          ['useFeature', 'useLicense', 'useStepUp', 'useAuthenticators', 'useDevices', 'useRecovery', 'useStile'],
          'Dialog',
          ['Step-up', 'Ways', 'Enrolment', 'Recovery'],
          'Mails',
          'Theming',
          'Wording',
          'Accessibility',
          'Do and don’t',
          'Your own dialog',
        ],
      },
    },
    viewport: {
      options: {
        narrow: { name: '320 px: the narrowest', styles: { width: '320px', height: '640px' }, type: 'mobile' },
        phone: { name: '375 px: a phone', styles: { width: '375px', height: '740px' }, type: 'mobile' },
      },
    },
    // a violation is a failed test, not a hint in a panel
    a11y: {
      test: 'error',
      // in forced colours they are the reader's own
      ...(STORYBOOK_MODE === 'forced' && { config: { rules: [{ id: 'color-contrast', enabled: false }] } }),
    },
  },
}

export default preview
