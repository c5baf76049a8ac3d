import { createTransport } from 'nodemailer'
import { readSender } from '../messages/sender.ts'
import { readSmtpUrl } from '../messages/smtp-url.ts'
import type { Options } from '../options/options.ts'
import { isLoopback } from '../options/origins.ts'
import type { MailTransport } from './mail.ts'

const CONNECTIONS = 5
/** How long each phase of a conversation with the mail server may take. */
const CONNECT_MS = 5_000
const GREETING_MS = 5_000
const SOCKET_MS = 10_000

/** Dots as only a quoted name may have them (RFC 5321 §4.1.2). */
const ODD_DOTS = /\.\.|\.@/

type MailOptions = NonNullable<Options['mail']>

/**
 * Sends by SMTP over a few connections that stay open.
 *
 * With `smtp:` the connection must be turned into TLS (RFC 3207) before anything is said, except to this machine or in a test; `smtps:`
 * begins with TLS. Options in `transport` override these, except file access, URL access and logging.
 */
export function createSmtp({ from, url, transport = {} }: MailOptions, environment: Options['environment']): MailTransport {
  const named = url === undefined ? {} : readSmtpUrl(url)
  const server = { ...named, ...transport }
  const transporter = createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: SOCKET_MS,
    dnsTimeout: CONNECT_MS,
    requireTLS: needsTls(server, environment),
    // a mail goes to another connection if the server has closed an idle one
    maxRequeues: 2,
    ...server,
    tls: { minVersion: 'TLSv1.2', ...(transport.tls as object | undefined) },
    // nothing in a mail is read from a file or fetched
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  } as Parameters<typeof createTransport>[0])
  const sender = readSender(from)
  return {
    send: ({ to, subject, text, html }, signal) =>
      transporter.sendMail({
        from: sender,
        // as an object nothing in it is parsed: it is one address whatever is in it
        to: { name: '', address: mailbox(to) },
        subject,
        text,
        html,
        signal,
        // so that answering machines stay silent (RFC 3834 §5)
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      }),
    // what is under way fails at once: a notice is sent again later, and no user waits for a code any more
    close: () => transporter.close({ force: true } as never),
  }
}

/** What names the mail server: a host, or a service whose host nodemailer knows. */
type MailServer = Readonly<{ host?: string; service?: unknown; ignoreTLS?: unknown }>

/** Whether mails may go only over TLS: except to this machine, in a test, or if the operator switches TLS off. */
export function needsTls({ host, service, ignoreTLS }: MailServer, environment: Options['environment']): boolean {
  if (environment === 'test' || ignoreTLS === true) return false
  // without a host, nodemailer asks the one of the service, and this machine only if none is named
  const named = host ?? (service === undefined ? 'localhost' : undefined)
  return named === undefined || !isLoopback(new URL(`smtp://${named}`))
}

/** An address as mail servers spell it. Nothing in it needs an escape: `normalizeAddress` takes no quote and no backslash. */
export function mailbox(address: string): string {
  const at = address.lastIndexOf('@')
  return ODD_DOTS.test(address) ? `"${address.slice(0, at)}"${address.slice(at)}` : address
}
