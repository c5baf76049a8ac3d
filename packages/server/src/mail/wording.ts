import type { CodeMessage, DigestMessage, MailMessage, Notice, NoticeContent } from '../messages/message.ts'
import type { NoticeKind } from '../stores/store.ts'
import { oneLine } from './escape.ts'

/** What a mail says, before it is text or HTML. Every member is one line of plain text. */
export type Wording = Readonly<{
  subject: string
  heading: string
  /** What happened or is asked for. */
  said: readonly string[]
  /** A code to type, or a link to open. */
  code?: string
  link?: Readonly<{ label: string; url: string }>
  /** What to do if it was not them. */
  otherwise: string
}>

/** What the built-in mails say, in plain English. The code and the link stand in the body alone. */
export function wordingOf(message: MailMessage): Wording {
  const product = oneLine(message.product)
  const help = oneLine(message.help)
  if (message.kind === 'code') {
    return {
      subject: `Your code for ${product}`,
      heading: 'Confirm that it is you',
      said: [
        `${product} asks for this code for: ${oneLine(message.feature)}.`,
        ...operationIn(message),
        `It was asked for at ${timeInWords(message.at)} and is good until ${timeInWords(message.expiresAt)}, once, on the page that asked for it.`,
      ],
      code: message.code,
      otherwise: `If you did not ask for it, give this code to nobody: somebody is signed in as you. Change your password, then tell ${help}. ${product} never asks for it on the phone or in a message.`,
    }
  }
  if (message.kind === 'recovery') {
    return {
      subject: `Recover your access to ${product}`,
      heading: 'Add a new way to prove that it is you',
      said: [
        `An administrator of ${product} has sent you a link with which you can add a passkey, a security key or an authenticator app, for when you have lost yours.`,
        `It was made at ${timeInWords(message.at)} and works once, until ${timeInWords(message.expiresAt)}. You will be asked to sign in again.`,
      ],
      link: { label: 'Add a new way', url: message.url },
      otherwise: `If you did not ask for this, do not open the link, send it to nobody, and tell ${help}.`,
    }
  }
  const otherwise = `If this was you, there is nothing to do. If it was not, change your password at once, then tell ${help}.`
  if (message.kind === 'several_changes') {
    const heading = `${message.data.count} changes within an hour`
    return { subject: `${heading}: ${product}`, heading, said: changesIn(message, product), otherwise }
  }
  const { heading, said } = noticeOf(message, product)
  return {
    subject: `${heading}: ${product}`,
    heading,
    said: [...said, `This happened at ${timeInWords(message.at)}.`],
    otherwise,
  }
}

function operationIn({ operation = {} }: CodeMessage): readonly string[] {
  const parameters = Object.entries(operation).map(([name, value]) => `${oneLine(name)}: ${oneLine(String(value))}`)
  return parameters.length === 0 ? [] : [`It confirms exactly this: ${parameters.join('; ')}. Do not type it if you meant anything else.`]
}

function changesIn({ data: { listed, more } }: DigestMessage, product: string): readonly string[] {
  const kinds = Object.entries(more) as [NoticeKind, number][]
  // what a notice without its data is called is the same for all of its kind
  const others = kinds.map(([kind, count]) => `${count} × “${NOTICES[kind]({}, product).heading}”`)
  return [
    `So much has changed in your account at ${product} that these changes are told in one mail.`,
    ...listed.map((notice) => `${timeInWords(notice.at)}: ${noticeOf(notice, product).said.join(' ')}`),
    ...(others.length === 0 ? [] : [`There were more of these: ${others.join(', ')}.`]),
  ]
}

type NoticeWording = Pick<Wording, 'heading' | 'said'>

function noticeOf<Kind extends NoticeKind>({ kind, data }: Notice<Kind>, product: string): NoticeWording {
  return NOTICES[kind](data, product)
}

/** How each notice is worded. A notice that an earlier version has stored may lack members. */
const NOTICES: { readonly [Kind in NoticeKind]: (data: Partial<NoticeContent<Kind>>, product: string) => NoticeWording } = {
  authenticator_added: (data, product) => ({
    heading: 'A new way to prove that it is you',
    said: [`${authenticatorIn(data)} was added to your account at ${product}. If that was you, there is nothing to do.`],
  }),
  authenticator_removed: (data, product) => ({
    heading: 'A way to prove that it is you was removed',
    said: [`${authenticatorIn(data)} was removed from your account at ${product}.`],
  }),
  authenticator_renamed: ({ former = 'something else', name = UNNAMED }, product) => ({
    heading: 'A way to prove that it is you was renamed',
    said: [`What was named “${oneLine(former)}” in your account at ${product} is named “${oneLine(name)}” now.`],
  }),
  authenticator_disabled: (data, product) => ({
    heading: 'A way to prove that it is you was switched off',
    said: [
      `${authenticatorIn(data)} in your account at ${product} does not count any more, because too many wrong codes were typed for it. Remove it and add it again.`,
    ],
  }),
  codes_guessed: (_data, product) => ({
    heading: 'Somebody typed wrong codes',
    said: [
      `Too many wrong codes were typed for your account at ${product} on devices where nobody has signed in. No more are taken there for now. Devices where you have signed in are not affected.`,
    ],
  }),
  recovery_codes_made: (_data, product) => ({
    heading: 'New recovery codes',
    said: [`New recovery codes were made for your account at ${product}. Those made before do not work any more.`],
  }),
  recovery_used: ({ by }, product) => ({
    heading: 'Your account was recovered',
    said: [
      `Somebody recovered your account at ${product} with ${by === 'link' ? 'the link of an administrator' : 'a recovery code'} and can now add a new way to prove that it is you.`,
      'All other sessions were ended.',
    ],
  }),
  recovery_link_requested: (_data, product) => ({
    heading: 'A recovery link was made',
    said: [`An administrator made a link with which your account at ${product} can be recovered.`],
  }),
  address_changed: ({ address = 'another address', settlesAt = 0 }, product) => ({
    heading: 'Your mail address is about to change',
    said: [
      `From ${timeInWords(settlesAt)} on, codes and notices of ${product} go to ${oneLine(address)} instead of this address. Until then no codes are sent.`,
    ],
  }),
  device_forgotten: ({ name = 'A browser' }, product) => ({
    heading: 'A device was signed out',
    said: [
      `“${oneLine(name)}” was signed out of your account at ${product} and is no longer known there. Whoever signs in on it has to prove again that it is you.`,
    ],
  }),
  device_crowded_out: (_data, product) => ({
    heading: 'A device was signed out to make room',
    said: [`So many devices use your account at ${product} that one of them was signed out to make room for another.`],
  }),
  sessions_ended: ({ devices }, product) => ({
    heading: 'You were signed out',
    said: [
      `An administrator ended your sessions at ${product} on all devices. Sign in again to go on.`,
      ...(devices === 'forgotten' ? ['Each device has to prove again that it is you.'] : []),
    ],
  }),
}

const UNNAMED = 'without a name'

function authenticatorIn({ method = '', name = UNNAMED }: Partial<Readonly<{ method: string; name: string }>>): string {
  return `${METHODS[method] ?? 'A way to prove that it is you'} “${oneLine(name)}”`
}

const METHODS: Readonly<Record<string, string>> = {
  passkey: 'The passkey',
  'security-key': 'The security key',
  totp: 'The authenticator app',
}

/** An instant for people whose time zone is not known. */
function timeInWords(seconds: number): string {
  const date = new Date(seconds * 1000)
  return `${DAY.format(date)}, ${TIME.format(date)} UTC`
}

const DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' })
const TIME = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit', hour12: false })
