import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StileError } from '../error.ts'
import type { MailContent, MailMessage, Notice, NoticeContent, OutgoingMail } from '../messages/message.ts'
import type { NoticeKind } from '../stores/store.ts'
import { createMail } from './mail.ts'
import { startMailServer } from './smtp.test-support.ts'
import { writeMail } from './templates.ts'

const AT = 1_800_000_000
const CODE: MailContent = { kind: 'code', to: 'ada@example.com', code: '042195', feature: 'Export reports', at: AT, expiresAt: AT + 300 }
const BASE = { help: 'support@example.com', webauthn: { rpName: 'Example' }, environment: 'test' } as const

async function mailer(options: Partial<Parameters<typeof createMail>[0]>, sendSeconds?: number) {
  const mail = await createMail(
    { ...BASE, mail: undefined, deliver: undefined, ...options },
    sendSeconds === undefined ? {} : { sendSeconds },
  )
  if (mail === undefined) throw new Error('No mail is configured.')
  onTestFinished(() => mail.close())
  return mail
}

const overSmtp = (url: string, more: object = {}, sendSeconds?: number) =>
  mailer({ mail: { from: 'Example <no-reply@example.com>', url, ...more } }, sendSeconds)

/** Everything that a log could make of an error. */
function everythingOf(error: unknown): string {
  const parts: string[] = []
  for (let each = error; each instanceof Error; each = each.cause)
    parts.push(
      each.message,
      each.stack ?? '',
      JSON.stringify(each),
      JSON.stringify(Object.getOwnPropertyNames(each).map((name) => String(each[name as never]))),
    )
  return parts.join('\n')
}

async function failureOf(promise: Promise<unknown>): Promise<StileError> {
  const error = await promise.then(
    () => undefined,
    (each: unknown) => each,
  )
  if (error instanceof StileError) return error
  throw new Error('It was expected to fail with a code, and did not.')
}

describe('a mail by SMTP', () => {
  test.each([
    ['ada.@docomo.example', '"ada."@docomo.example'],
    ["o'brien+stile@example.com", "o'brien+stile@example.com"],
    ['!#$%&*+-/=?^_`{|}~@example.com', '!#$%&*+-/=?^_`{|}~@example.com'],
  ])('reaches %s, spelled as mail servers do, and no other mailbox', async (to, spelled) => {
    const server = await startMailServer()
    await (await overSmtp(server.url)).send({ ...CODE, to })
    expect(server.inbox().map((mail) => mail.to)).toEqual([[spelled]])
  })

  test('arrives as plain text and HTML, with the code in the body alone', async () => {
    const server = await startMailServer()
    await (await overSmtp(server.url)).send(CODE)
    const mail = server.newest()
    expect(mail).toMatchObject({ to: ['ada@example.com'], toHeader: ['ada@example.com'], subject: 'Your code for Example' })
    expect(mail.from).toBe('"Example" <no-reply@example.com>')
    for (const body of [mail.text, mail.html]) {
      expect(body).toMatch(/042195[\s\S]*Export reports[\s\S]*5 minutes[\s\S]*support@example.com/)
    }
    expect(JSON.stringify([...mail.headers])).not.toContain('042195')
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
  })

  test('keeps its connection for the next', async () => {
    const server = await startMailServer()
    const mail = await overSmtp(server.url)
    for (let count = 0; count < 3; count++) await mail.send(CODE)
    expect(server.inbox()).toHaveLength(3)
    expect(server.connections()).toBe(1)
  })

  test('goes to the next connection if the server has closed the former', async () => {
    const server = await startMailServer()
    const mail = await overSmtp(server.url)
    await mail.send(CODE)
    server.hangUp()
    await mail.send(CODE)
    expect(server.inbox()).toHaveLength(2)
    expect(server.connections()).toBe(2)
  })

  test('threat: credentials and codes would cross the network in the clear', async () => {
    // not this machine, as far as the service can tell; and a server that offers no TLS
    const server = await startMailServer({ host: '127.0.0.2' })
    const live = (transport?: { ignoreTLS: boolean }) =>
      mailer({ environment: 'live', mail: { from: 'a@example.com', url: server.url, ...(transport && { transport }) } })
    expect((await failureOf((await live()).send(CODE))).code).toBe('mail_unavailable')
    expect(server.inbox()).toEqual([])
    await (await overSmtp(server.url)).send(CODE)
    await (await live({ ignoreTLS: true })).send(CODE)
    expect(server.inbox()).toHaveLength(2)
  })

  test('says that it could not be sent if nothing listens', async () => {
    const server = await startMailServer()
    await server.stop()
    expect(await failureOf((await overSmtp(server.url)).send(CODE))).toMatchObject({ code: 'mail_unavailable', status: 503 })
  })

  test('gives up if the server never answers', async () => {
    const server = await startMailServer()
    server.answer('stall')
    expect((await failureOf((await overSmtp(server.url, {}, 0.2)).send(CODE))).code).toBe('mail_unavailable')
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const url = `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`
    expect((await failureOf((await overSmtp(url, {}, 0.2)).send(CODE))).code).toBe('mail_unavailable')
  })

  test.each(['refuse-recipient', 'refuse-mail'] as const)(
    'threat: what a server says (%s) would bring address or code into a log',
    async (mode) => {
      const server = await startMailServer()
      server.answer(mode)
      const error = await failureOf((await overSmtp(server.url)).send(CODE))
      expect(error.code).toBe('mail_unavailable')
      expect(everythingOf(error)).not.toMatch(/042195|ada@|No such user|do not like/)
      expect(everythingOf(error)).toMatch(/55[04]/)
    },
  )
})

describe('the hook', () => {
  test('gets the mail instead of a server', async () => {
    const got: OutgoingMail[] = []
    await (await mailer({ deliver: async (mail) => void got.push(mail) })).send(CODE)
    expect(got).toMatchObject([
      { to: 'ada@example.com', kind: 'code', subject: 'Your code for Example', text: expect.stringContaining('042195') },
    ])
  })

  test('threat: an error of the hook would bring the code into a log', async () => {
    const deliver = async (mail: OutgoingMail) => {
      throw Object.assign(new Error(`cannot post ${mail.text}`), { name: `E${mail.text}`, code: mail.text, config: mail })
    }
    const error = await failureOf((await mailer({ deliver })).send(CODE))
    expect(error.code).toBe('mail_unavailable')
    expect(everythingOf(error)).not.toMatch(/042195|ada@/)
  })

  test('is not waited for without end', async () => {
    expect((await failureOf((await mailer({ deliver: () => new Promise(() => undefined) }, 0.05)).send(CODE))).code).toBe(
      'mail_unavailable',
    )
  })
})

describe('templates', () => {
  const message: MailMessage = { ...CODE, product: 'Example', help: 'support' } as MailMessage

  test('of an operator take the place of the built-in words', () => {
    const own = { subject: 'Hallo', text: 'Ein Code', html: '<p>Ein Code</p>' }
    expect(writeMail(message, (each) => (each.kind === 'code' ? own : undefined))).toEqual(own)
    expect(writeMail({ ...message, kind: 'sessions_ended', data: {} } as MailMessage, () => undefined).subject).toBe(
      'You were signed out of Example',
    )
  })

  test.each([{}, { subject: 'x' }, { subject: 'x', text: '', html: 'x' }, { subject: 1, text: 'x', html: 'x' }])(
    'that answer %j send nothing',
    async (answer) => {
      const server = await startMailServer()
      const mail = await overSmtp(server.url, { templates: () => answer as never })
      expect((await failureOf(mail.send(CODE))).code).toBe('mail_unavailable')
      expect(server.inbox()).toEqual([])
    },
  )

  const named = { method: 'totp', name: 'Phone' }
  const notices: { readonly [Kind in NoticeKind]: NoticeContent<Kind> } = {
    authenticator_added: named,
    authenticator_removed: named,
    authenticator_renamed: { ...named, former: 'Old phone' },
    authenticator_disabled: named,
    codes_guessed: {},
    recovery_codes_made: {},
    recovery_used: { by: 'link' },
    recovery_link_requested: {},
    address_changed: { address: 'a•••@example.com', settlesAt: AT },
    device_forgotten: { name: 'Firefox on Windows' },
    device_crowded_out: {},
    sessions_ended: { devices: 'forgotten' },
  }
  const noticeText = (notice: Notice) => writeMail({ ...notice, to: 'a@example.com', product: 'Example', help: 'support', at: AT })

  test.each(Object.entries(notices))('say of %s what happened, when, and what to do if it was not them', (kind, data) => {
    const { text, html } = noticeText({ kind, data } as Notice)
    for (const body of [text, html]) {
      expect(body).toMatch(/15 January 2027, 08:00 UTC[\s\S]*change your password/)
      for (const said of [
        'name' in data ? (data.name ?? '') : '',
        'former' in data ? data.former : '',
        'address' in data ? data.address : '',
      ])
        expect(body).toContain(said)
    }
  })

  test.each(Object.entries(notices))(
    'say of %s in the subject what it is about, and once that there may be nothing to do',
    (kind, data) => {
      const { subject, text } = noticeText({ kind, data } as Notice)
      expect(subject).toContain('Example')
      expect(subject.length).toBeLessThanOrEqual(78)
      expect(text.match(/nothing to do/g)).toHaveLength(1)
    },
  )

  test.each([
    [300, '5 minutes'],
    [299, '4 minutes'],
    [60, '1 minute '],
    [59, 'less than a minute'],
    [0, 'less than a minute'],
  ])('of a code that is good for %i seconds say %s', (seconds, said) => {
    const mail = writeMail({ ...message, expiresAt: AT + seconds } as MailMessage)
    for (const body of [mail.text, mail.html]) expect(body).toContain(said)
  })

  test.each(Object.keys(notices))('of %s are whole sentences although an earlier version has stored less', (kind) => {
    expect(noticeText({ kind, data: {} } as Notice).text).not.toMatch(/undefined|NaN|Invalid|“”|null/)
  })

  test('of several changes say when each of them happened, and how many more there were', () => {
    const content = {
      kind: 'several_changes',
      data: {
        count: 14,
        listed: [
          { kind: 'recovery_used', data: { by: 'code' }, at: AT + 60 },
          { kind: 'authenticator_renamed', data: { ...named, former: 'Old <b>' }, at: AT },
        ],
        more: { authenticator_renamed: 10, sessions_ended: 2 },
      },
    } as const
    const message = { ...content, to: 'a@example.com', product: 'Example', help: 'support', at: AT }
    const { subject, text, html } = writeMail(message)
    expect(subject).toContain('14 changes')
    for (const body of [text, html]) {
      expect(body).toMatch(/08:01 UTC: [^\n]*recovered[\s\S]*08:00 UTC: [^\n]*renamed[\s\S]*10 × [\s\S]*2 × [\s\S]*change your password/)
    }
    expect(html).toContain('“Old &lt;b&gt;”')
    // an operator's template is told in the type what it gets
    const own = writeMail(message, (each) =>
      each.kind === 'several_changes'
        ? { subject: `${each.data.count}`, text: each.data.listed.map(({ kind, at }) => `${kind} ${at}`).join(), html: 'x' }
        : undefined,
    )
    expect(own).toEqual({ subject: '14', text: `recovery_used ${AT + 60},authenticator_renamed ${AT}`, html: 'x' })
  })

  test('load nothing from anywhere, and so do not track readers', () => {
    const mail = writeMail({
      kind: 'recovery',
      to: 'a@example.com',
      product: 'Example',
      help: 'support',
      at: AT,
      expiresAt: AT + 3600,
      url: 'https://app.example/r#t=1',
    })
    expect(mail.html).not.toMatch(/<img|<link|<script|@import|url\(|src=/i)
    expect(mail.html.match(/https?:[^"<\s]*/g)).toEqual(['https://app.example/r#t=1'])
    expect(mail.text).toContain('https://app.example/r#t=1')
  })

  test('threat: a name would begin a header, a paragraph or a tag of its own', async () => {
    const server = await startMailServer()
    const evil = 'x\r\nBcc: eve@example.com\r\n\r\n<a href="https://evil.example">Click</a>\u202e\u2028<img src=x>'
    const mail = await mailer({ webauthn: { rpName: evil }, help: evil, mail: { from: 'a@example.com', url: server.url } })
    await mail.send({ ...CODE, feature: evil })
    await mail.send({ kind: 'authenticator_renamed', to: 'ada@example.com', at: AT, data: { method: evil, name: evil, former: evil } })
    expect(server.inbox()).toHaveLength(2)
    for (const each of server.inbox()) {
      expect(each.to).toEqual(['ada@example.com'])
      expect(each.headers.has('bcc')).toBe(false)
      expect(each.html).not.toMatch(/<a |<img/)
      expect(each.text).not.toMatch(/^Bcc|\u202e|\u2028/m)
      expect(each.text.split('\n').every((line) => !line.startsWith('<a'))).toBe(true)
    }
  })

  test('threat: whatever a subject of a template holds, it makes no header', async () => {
    const server = await startMailServer()
    const mail = await overSmtp(server.url, {
      templates: () => ({ subject: 'a\r\nBcc: eve@example.com\r\nX-Evil: 1', text: 'b', html: 'c' }),
    })
    await mail.send(CODE)
    expect(server.newest().to).toEqual(['ada@example.com'])
    expect(server.newest().headers.has('x-evil')).toBe(false)
    expect(writeMail(message, () => ({ subject: 'a\r\nBcc: eve@example.com', text: 'b', html: 'c' })).subject).toBe(
      'a Bcc: eve@example.com',
    )
  })

  test('whatever people are called, the built-in HTML has only the tags of the template', () => {
    const bare = writeMail({ ...message, product: 'x', feature: 'x', help: 'x' } as MailMessage).html.match(/<[^>]*>/g)?.length
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (one, other) => {
        const mail = writeMail({ ...message, product: one, feature: other, help: one } as MailMessage)
        expect(mail.html.match(/<[^>]*>/g)).toHaveLength(bare ?? 0)
        expect(mail.subject).not.toMatch(/[\r\n]/)
      }),
    )
  })
})
