import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

/** One mail as it was delivered. */
export type Mail = Readonly<{
  id: string
  /** Each address that it was delivered to, in lower case. */
  to: readonly string[]
  from: string
  subject: string
  /** When it arrived, in seconds since the epoch. */
  receivedAt: number
  text: string
  /** As the sender wrote it: never put it into a page of one's own. */
  html: string
}>

/** A mail server that keeps what it gets in memory. */
export type Mailbox = Readonly<{
  server: SMTPServer
  /** The mails of an address, the newest first. */
  mailsTo: (address: string) => readonly Mail[]
  mail: (id: string) => Mail | undefined
}>

const KEEP = 500
const MAX_BYTES = 256 * 1024

/**
 * Takes every mail for anybody, without a password: it listens on this machine alone and stands for the mail server of a real product.
 *
 * @param now  seconds since the epoch
 */
export function createMailbox(now: () => number = () => Math.floor(Date.now() / 1000)): Mailbox {
  let mails: readonly Mail[] = []
  let serial = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MAX_BYTES,
    onData(stream, session, callback) {
      simpleParser(stream).then(
        ({ from, subject, text, html }) => {
          serial += 1
          const mail: Mail = {
            id: `${serial}`,
            to: session.envelope.rcptTo.map(({ address }) => address.toLowerCase()),
            from: (from?.value ?? []).map(({ name, address }) => (name ? `${name} <${address}>` : (address ?? ''))).join(', '),
            subject: subject ?? '',
            receivedAt: now(),
            text: text ?? '',
            html: html || '',
          }
          mails = [mail, ...mails].slice(0, KEEP)
          callback(null)
        },
        (error: Error) => callback(error),
      )
    },
  })
  return {
    server,
    mailsTo: (address) => mails.filter(({ to }) => to.includes(address.toLowerCase())),
    mail: (id) => mails.find((each) => each.id === id),
  }
}
