import { StileError } from '../error.ts'
import type { Mail, MailMessage, OutgoingMail } from '../messages/message.ts'
import type { Options } from '../options/options.ts'
import { writeMail } from './templates.ts'

/** The SMTP client, which is loaded if a mail server is configured. */
const loadSmtp = () => import('./smtp.ts')

/** How long a mail may take to be taken over, in seconds: people wait for it. */
const SEND_SECONDS = 15

/** What takes mails over: an SMTP server, or a function of the operator. */
export type MailTransport = Readonly<{
  /** Gives up if the signal is aborted. */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<unknown>
  close(): void
}>

/** Creates what sends mail, by SMTP or through the `deliver` hook; `undefined` if neither is configured. */
export async function createMail(
  options: Pick<Options, 'mail' | 'deliver' | 'help' | 'environment'> & Readonly<{ webauthn: Pick<Options['webauthn'], 'rpName'> }>,
  { sendSeconds = SEND_SECONDS }: Readonly<{ sendSeconds?: number }> = {},
): Promise<Mail | undefined> {
  const { mail, deliver, help } = options
  const transport =
    deliver !== undefined ? { send: deliver, close: () => undefined } : mail && (await loadSmtp()).createSmtp(mail, options.environment)
  if (transport === undefined) return undefined
  const product = options.webauthn.rpName
  return {
    async send(content) {
      const message: MailMessage = { ...content, product, help }
      try {
        const text = writeMail(message, mail?.templates)
        const outgoing = { to: message.to, ...(mail && { from: mail.from }), kind: message.kind, ...text }
        await within(sendSeconds, (signal) => transport.send(outgoing, signal))
      } catch (error) {
        throw mailUnavailable(error)
      }
    },
    close: () => transport.close(),
  }
}

function mailUnavailable(error: unknown): StileError {
  return new StileError(
    'mail_unavailable',
    'The mail could not be sent. Try again in a moment, or use another method.',
    {},
    { cause: bare(error) },
  )
}

/** What a log may say of the failure: what a server or a hook writes into an error can quote the mail, so nothing of that is kept. */
function bare(error: unknown): Error {
  const { name, code, responseCode } = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>
  const said = [name, code, responseCode].filter((each) => (typeof each === 'string' && /^\w{1,40}$/.test(each)) || Number.isInteger(each))
  const cause = new Error(
    `The mail was not taken over (${said.join(' ') || 'no reason given'}). Check the mail server, or the deliver hook.`,
  )
  // a stack of the driver begins with its message
  return Object.assign(cause, { name: 'MailError' })
}

/** Waits for work that may not know how to give up. */
async function within(seconds: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const signal = AbortSignal.timeout(seconds * 1000)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })), { once: true })
  })
  // an unref'd timer: it keeps no process alive, and the loser of the race is ignored
  late.catch(() => undefined)
  await Promise.race([work(signal), late])
}
