import { type MailMessage, type NoticeContent, type NoticeKind, type NoticeMessage, writeMail } from '@stile/server/mails'
import type { Meta, StoryObj } from '@storybook/react-vite'
import { type ReactElement, useState } from 'react'
import { expect, screen, waitFor } from 'storybook/test'

/** What mails know in every story. */
const COMMON = { to: 'ada@example.com', product: 'Ledger', help: 'your administrator', at: Date.UTC(2026, 4, 20, 9, 30) / 1000 }

/** What each notice tells of: a kind without an entry is a type error. */
const NOTICES: { readonly [Kind in NoticeKind]: NoticeContent<Kind> } = {
  authenticator_added: { method: 'passkey', name: 'Ada’s phone' },
  authenticator_removed: { method: 'security-key', name: 'Blue key' },
  authenticator_renamed: { method: 'totp', former: 'App', name: 'Authenticator on the tablet' },
  authenticator_disabled: { method: 'totp', name: 'Authenticator on the tablet' },
  codes_guessed: {},
  recovery_codes_made: {},
  recovery_used: { by: 'link' },
  recovery_link_requested: {},
  address_changed: { address: 'a…@example.org', settlesAt: COMMON.at + 86_400 },
  device_forgotten: { name: 'Firefox on Linux' },
  device_crowded_out: {},
  sessions_ended: { devices: 'forgotten' },
}

function noticeOf(kind: NoticeKind): NoticeMessage {
  return { ...COMMON, kind, data: NOTICES[kind] } as NoticeMessage
}

const KINDS = Object.keys(NOTICES) as NoticeKind[]

/** A mail as a mail program shows it, and the plain text beside it. */
function Mail({ message }: Readonly<{ message: MailMessage }>): ReactElement {
  const { subject, html, text } = writeMail(message)
  const [height, setHeight] = useState(200)
  return (
    <article style={{ maxWidth: 640, marginBlockEnd: 32 }}>
      <h2 style={{ fontSize: 16 }}>{subject}</h2>
      <iframe
        title={subject}
        srcDoc={html}
        // nothing in a mail runs; its height is read from here
        sandbox="allow-same-origin"
        style={{ inlineSize: '100%', blockSize: height, border: '1px solid GrayText', colorScheme: 'light dark' }}
        onLoad={({ currentTarget }) => setHeight((currentTarget.contentDocument?.documentElement.scrollHeight ?? height) + 2)}
      />
      <details>
        <summary>As plain text</summary>
        <pre style={{ whiteSpace: 'pre-wrap' }}>{text}</pre>
      </details>
    </article>
  )
}

/**
 * What the service sends by mail, as it is sent: one column, the reader’s own fonts and colours, nothing that is loaded from anywhere, and the
 * same in plain text. The subject never holds the code or the link.
 *
 * `mail.templates` of the service replaces the words of any of them: it gets the same message and answers `{ subject, text, html }`. To see your
 * own as they are sent, call `writeMail(message, templates)` of `@stile/server/mails` in a story like these.
 */
const meta: Meta<typeof Mail> = { title: 'Mails', component: Mail, parameters: { controls: { disable: true } } }
export default meta
type Story = StoryObj<typeof Mail>

/** The document of a mail once it is there. */
async function shown(title: string | RegExp): Promise<HTMLElement> {
  const frame = await screen.findByTitle<HTMLIFrameElement>(title)
  return waitFor(() => {
    const heading = frame.contentDocument?.querySelector('h1')
    if (!heading) throw new Error('The mail is not drawn yet.')
    return heading.ownerDocument.body
  })
}

/** A code: it stands first, so that it can be read in a preview on a phone. */
export const Code: Story = {
  args: { message: { ...COMMON, kind: 'code', code: '482915', feature: 'Export reports', expiresAt: COMMON.at + 600 } },
  play: async () => {
    const mail = await shown('Your code for Ledger')
    expect(mail.querySelector('p')?.textContent).toBe('482915')
  },
}

/** A code for one operation says what it approves: a page that lies cannot change the mail. */
export const CodeForAnOperation: Story = {
  args: {
    message: {
      ...COMMON,
      kind: 'code',
      code: '482915',
      feature: 'Approve payouts',
      operation: { amount: '250.00', currency: 'EUR', payee: 'Grace Hopper' },
      expiresAt: COMMON.at + 600,
    },
  },
  play: async () => {
    const mail = await shown('Your code for Ledger')
    expect(mail.textContent).toMatch(/amount: 250\.00; currency: EUR; payee: Grace Hopper/)
  },
}

/** An administrator’s link for someone who has lost every way. */
export const RecoveryLink: Story = {
  args: {
    message: { ...COMMON, kind: 'recovery', url: 'https://app.example.com/recover#stile-recovery=…', expiresAt: COMMON.at + 3600 },
  },
  play: async () => {
    const mail = await shown('Recover your Ledger account')
    expect(mail.querySelector('a')?.textContent).toBe('Set up a new way')
  },
}

/** Every notice of a change, each with what to do if nobody expected it. */
export const Notices: Story = {
  render: () => (
    <>
      {KINDS.map((kind) => (
        <Mail key={kind} message={noticeOf(kind)} />
      ))}
    </>
  ),
  play: async () => {
    for (const kind of KINDS) {
      const mail = await shown(writeMail(noticeOf(kind)).subject)
      expect(mail.textContent).toContain('If you didn’t, change your password now')
    }
  },
}

/** Changes that follow one another within an hour are told in one mail. */
export const SeveralChanges: Story = {
  args: {
    message: {
      ...COMMON,
      kind: 'several_changes',
      data: {
        count: 5,
        listed: [noticeOf('recovery_used'), noticeOf('authenticator_added')],
        more: { authenticator_renamed: 3 },
      },
    },
  },
  play: async () => {
    const mail = await shown('5 changes to your Ledger account')
    expect(mail.textContent).toContain('3 ×')
  },
}
