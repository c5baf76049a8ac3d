import { type ReactElement, useEffect } from 'react'
import { expect, screen, waitFor } from 'storybook/test'
import { StepUpGate } from './index.ts'
import { openDialog } from './shadow.test-support.ts'
import { click, inWorld, type Meta, type StoryObj } from './stories.test-support.tsx'

/** The variables that cards and dialog share, and rules for the parts of the dialog. An empty value leaves the built-in one. */
type Theme = Readonly<
  Record<'accent' | 'on-accent' | 'surface' | 'text' | 'muted' | 'border' | 'danger' | 'focus' | 'radius' | 'font', string> & {
    /** CSS of the page, such as `stile-dialog::part(primary) { text-transform: uppercase }`. */
    css: string
  }
>

function Themed({ css, ...variables }: Theme): ReactElement {
  useEffect(() => {
    const { style } = document.documentElement
    for (const [name, value] of Object.entries(variables)) style.setProperty(`--stile-${name}`, value)
    const sheet = document.head.appendChild(Object.assign(document.createElement('style'), { textContent: css }))
    return () => {
      for (const name of Object.keys(variables)) style.removeProperty(`--stile-${name}`)
      sheet.remove()
    }
  })
  return (
    <StepUpGate feature="reports.export">
      <p>The export is ready.</p>
    </StepUpGate>
  )
}

/** The control of a variable. */
function variable(name: string, description: string) {
  return { name: `--stile-${name}`, control: 'color', type: 'string', description } as const
}

/** Change the variables and the rules in the controls, live, then open the dialog. */
const meta: Meta<typeof Themed> = {
  title: 'Theming',
  component: Themed,
  decorators: [inWorld],
  args: {
    accent: '',
    'on-accent': '',
    surface: '',
    text: '',
    muted: '',
    border: '',
    danger: '',
    focus: '',
    radius: '',
    font: '',
    css: '',
  },
  argTypes: {
    accent: variable('accent', 'The main button, and links.'),
    'on-accent': variable('on-accent', 'What is written on the main button.'),
    surface: variable('surface', 'The background of cards and dialog.'),
    text: variable('text', 'Titles and sentences.'),
    muted: variable('muted', 'What is less important.'),
    border: variable('border', 'The edges of cards, fields and buttons.'),
    danger: variable('danger', 'Errors.'),
    focus: variable('focus', 'The ring around what has the focus.'),
    radius: { ...variable('radius', 'How round the corners are, such as `2px`.'), control: 'text' },
    font: { ...variable('font', 'As in the `font` property, such as `1rem/1.5 Georgia, serif`.'), control: 'text' },
    css: {
      control: 'text',
      type: 'string',
      description: 'Rules for the parts, such as `stile-dialog::part(primary) { text-transform: uppercase }`.',
    },
  },
}
export default meta
type Story = StoryObj<typeof Themed>

/** The built-in looks. */
export const Playground: Story = {}

/** A brand in ten lines: square corners, a serif, its own green. */
export const ABrand: Story = {
  // variables are the whole page's, so the docs page has room for one theme
  tags: ['!autodocs'],
  args: {
    accent: '#0b5d3b',
    'on-accent': '#ffffff',
    surface: '#fbfaf6',
    text: '#1c1a16',
    muted: '#57524a',
    border: '#cfc9bb',
    radius: '2px',
    font: '1rem/1.5 Georgia, serif',
    css: 'stile-dialog::part(primary) { letter-spacing: 0.02em }',
  },
  play: async () => {
    await click('Confirm and continue')
    await screen.findByLabelText(/6-digit code/)
    const primary = openDialog()?.querySelector('[part~=primary]')
    await waitFor(() => expect(primary && getComputedStyle(primary).fontFamily).toContain('Georgia'))
    // in forced colours every colour is the reader's own
    if (!matchMedia('(forced-colors: active)').matches) expect(primary && getComputedStyle(primary).backgroundColor).toBe('rgb(11, 93, 59)')
  },
}
