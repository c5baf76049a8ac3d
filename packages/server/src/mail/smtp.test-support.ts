import type { AddressInfo, Socket } from 'node:net'
import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { onTestFinished } from 'vitest'

/** A mail as a mailbox received it. */
export type ReceivedMail = Readonly<{
  to: readonly string[]
  /** The addresses of the `To` header. */
  toHeader: readonly string[]
  from: string | undefined
  subject: string
  text: string
  html: string
  headers: ParsedMail['headers']
  /** Everything that came over the line. */
  raw: string
}>

/** A real mail server of a test, on a port of its own. */
export type TestMailServer = Readonly<{
  url: string
  port: number
  inbox: () => readonly ReceivedMail[]
  /** The newest mail to an address. */
  newest: (to?: string) => ReceivedMail
  /** The six digits of the newest mail. */
  code: (to?: string) => string
  /** What is to be said to the next mails; `undefined` takes them. */
  answer: (with_: 'refuse-recipient' | 'refuse-mail' | 'stall' | undefined) => void
  /** Drops the connections that are open. */
  hangUp: () => void
  /** How many connections were opened. */
  connections: () => number
  stop: () => Promise<void>
}>

/** Starts a mail server without TLS; it is stopped when the test is over. */
export async function startMailServer({
  host = '127.0.0.1',
  ...options
}: SMTPServerOptions & { host?: string } = {}): Promise<TestMailServer> {
  const mails: ReceivedMail[] = []
  let connections = 0
  let mode: Parameters<TestMailServer['answer']>[0]
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    closeTimeout: 50,
    onConnect(_session, callback) {
      connections += 1
      callback()
    },
    onRcptTo(address, _session, callback) {
      if (mode === 'refuse-recipient') callback(Object.assign(new Error(`No such user ${address.address} here`), { responseCode: 550 }))
      else callback()
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        if (mode === 'stall') return
        const raw = Buffer.concat(chunks).toString()
        // a server may well quote what it refuses
        if (mode === 'refuse-mail')
          return callback(Object.assign(new Error(`I do not like ${raw.replace(/\s+/g, ' ')}`), { responseCode: 554 }))
        mails.push(
          await received(
            raw,
            session.envelope.rcptTo.map(({ address }) => address),
          ),
        )
        callback()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  const sockets = new Set<Socket>()
  server.server.on('connection', (socket: Socket) => void sockets.add(socket))
  await new Promise<void>((resolve) => void server.listen(0, host, resolve))
  const { port } = server.server.address() as AddressInfo
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= new Promise<void>((resolve) => server.close(() => resolve())))
  onTestFinished(stop)
  const newest = (to?: string): ReceivedMail => {
    const mail = mails.findLast((each) => to === undefined || each.to.includes(to))
    if (mail === undefined) throw new Error('No mail has come.')
    return mail
  }
  return {
    url: `smtp://${host}:${port}`,
    port,
    inbox: () => [...mails],
    newest,
    code: (to) => /^ {4}(\d{6})$/m.exec(newest(to).text)?.[1] ?? '',
    answer: (with_) => {
      mode = with_
    },
    hangUp: () => {
      for (const socket of sockets) socket.destroy()
    },
    connections: () => connections,
    stop,
  }
}

async function received(raw: string, to: readonly string[]): Promise<ReceivedMail> {
  const mail = await simpleParser(raw)
  return {
    to,
    toHeader: [mail.to ?? []].flat().flatMap((each: AddressObject) => each.value.map(({ address }) => address ?? '')),
    from: mail.from?.text,
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html || '',
    headers: mail.headers,
    raw,
  }
}
