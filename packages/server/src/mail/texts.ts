import type { NoticeContent } from '../messages/message.ts'
import type { NoticeKind } from '../stores/store.ts'

/** What a notice says: a line that is subject and heading, and what happened. */
export type NoticeText = Readonly<{ heading: string; said: readonly string[] }>

/** Times, names and numbers that the texts are made with. Every name is one line of plain text. */
export type TextNames = Readonly<{
  product: string
  /** Who can help, such as `your administrator`. */
  help: string
  /** A name of people's own as it may stand in a line. */
  name(text: string): string
  /** An instant for people whose time zone is not known. */
  time(seconds: number): string
}>

/** Everything that the built-in mails say, in one language. Every text is one line of plain text. */
export type MailTexts = Readonly<{
  /** BCP 47. */
  language: string
  code: Readonly<{
    subject(names: TextNames): string
    heading: string
    feature(feature: string): string
    operation(parameters: string): string
    expires(minutes: number): string
    otherwise(names: TextNames): string
  }>
  recovery: Readonly<{
    subject(names: TextNames): string
    heading: string
    said(expiresAt: number, names: TextNames): readonly string[]
    link: string
    otherwise(names: TextNames): string
  }>
  several: Readonly<{
    heading(count: number, names: TextNames): string
    said: string
    more(kinds: readonly Readonly<{ count: number; heading: string }>[]): string
  }>
  /** Of each kind. A notice that an earlier version has stored may lack members. */
  notices: { readonly [Kind in NoticeKind]: (data: Partial<NoticeContent<Kind>>, names: TextNames) => NoticeText }
  happenedAt(at: number, names: TextNames): string
  /** What to do about a notice that nobody expected. */
  otherwise(names: TextNames): string
}>

const METHODS: Readonly<Record<string, string>> = { passkey: 'passkey', 'security-key': 'security key', totp: 'authenticator app' }
const ANY_METHOD = 'way to confirm it’s you'

const methodIn = ({ method = '' }: Readonly<{ method?: string }>): string =>
  Object.hasOwn(METHODS, method) ? (METHODS[method] as string) : ANY_METHOD
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
/** A thing by its own name, or by what it is. */
const called = (data: Readonly<{ method?: string; name?: string }>, { name }: TextNames): string =>
  data.name === undefined ? `The ${methodIn(data)}` : `“${name(data.name)}”`

/** Plain English. */
export const ENGLISH: MailTexts = {
  language: 'en',
  code: {
    subject: ({ product }) => `Your code for ${product}`,
    heading: 'Confirm it’s you',
    feature: (feature) => `To continue: ${feature}.`,
    operation: (parameters) => `It confirms exactly this: ${parameters}. Don’t type it if you meant anything else.`,
    expires: (minutes) =>
      minutes < 1
        ? 'It expires in less than a minute and works once.'
        : `It expires in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} and works once.`,
    otherwise: ({ product, help }) =>
      `Don’t share it. If you didn’t ask for it, someone may be signed in as you: change your password, then tell ${help}. ${product} never asks for this code by phone or in a message.`,
  },
  recovery: {
    subject: ({ product }) => `Recover your ${product} account`,
    heading: 'Set up a new way to confirm it’s you',
    said: (expiresAt, { product, time }) => [
      `An administrator of ${product} sent you this link. Use it to set up a passkey, security key or authenticator app if you have lost yours.`,
      `It works once and expires on ${time(expiresAt)}. You’ll be asked to sign in again.`,
    ],
    link: 'Set up a new way',
    otherwise: ({ help }) => `Don’t forward it. If you didn’t ask for it, don’t open the link, and tell ${help}.`,
  },
  several: {
    heading: (count, { product }) => `${count} changes to your ${product} account`,
    said: 'These changes were made within an hour.',
    more: (kinds) => `There were more of these: ${kinds.map(({ count, heading }) => `${count} × “${heading}”`).join(', ')}.`,
  },
  notices: {
    authenticator_added: (data, names) => ({
      heading: `New ${methodIn(data)} added to your ${names.product} account`,
      said: [`${called(data, names)} was added.`],
    }),
    authenticator_removed: (data, names) => ({
      heading: `${capital(methodIn(data))} removed from your ${names.product} account`,
      said: [`${called(data, names)} was removed.`],
    }),
    authenticator_renamed: ({ former, name, ...data }, names) => ({
      heading: `${capital(methodIn(data))} renamed in your ${names.product} account`,
      said: [`${called({ ...data, ...(former !== undefined && { name: former }) }, names)} is now called ${quoted(name, names)}.`],
    }),
    authenticator_disabled: (data, names) => ({
      heading: `${capital(methodIn(data))} switched off in your ${names.product} account`,
      said: [`${called(data, names)} is switched off because too many wrong codes were typed. Remove it and add it again.`],
    }),
    codes_guessed: (_data, { product }) => ({
      heading: `Wrong codes typed for your ${product} account`,
      said: ['Too many wrong codes were typed on devices where you haven’t signed in. No more codes are accepted there for now.'],
    }),
    recovery_codes_made: (_data, { product }) => ({
      heading: `New recovery codes for your ${product} account`,
      said: ['New recovery codes were made. Any old codes no longer work.'],
    }),
    recovery_used: ({ by }, { product }) => ({
      heading: `Your ${product} account was recovered`,
      said: [
        `Someone recovered it with ${by === 'link' ? 'a link from an administrator' : 'a recovery code'} and can now set up a new way to confirm it’s you.`,
        'All other sessions were ended.',
      ],
    }),
    recovery_link_requested: (_data, { product }) => ({
      heading: `Recovery link made for your ${product} account`,
      said: ['An administrator made a link that can recover your account.'],
    }),
    address_changed: ({ address, settlesAt = 0 }, { product, name, time }) => ({
      heading: `The email address of your ${product} account is about to change`,
      said: [
        `From ${time(settlesAt)}, codes and notices go to ${address === undefined ? 'another address' : name(address)}. Until then no codes are sent.`,
      ],
    }),
    device_forgotten: ({ name = 'A browser' }, names) => ({
      heading: `Device signed out of your ${names.product} account`,
      said: [
        `${quoted(name, names)} was signed out and is no longer recognised. After the next sign-in on it, you’ll confirm it’s you again.`,
      ],
    }),
    device_crowded_out: (_data, { product }) => ({
      heading: `Device signed out of your ${product} account to make room`,
      said: ['Too many devices were using your account, so one was signed out to make room for another.'],
    }),
    sessions_ended: ({ devices }, { product }) => ({
      heading: `You were signed out of ${product}`,
      said: [
        'An administrator signed you out on all devices. Sign in again to continue.',
        ...(devices === 'forgotten' ? ['You’ll confirm it’s you again on each device.'] : []),
      ],
    }),
  },
  happenedAt: (at, { time }) => `This happened on ${time(at)}.`,
  otherwise: ({ help }) => `If you expected this, there’s nothing to do. If you didn’t, change your password now, then tell ${help}.`,
}

function quoted(text: string | undefined, { name }: TextNames): string {
  return text === undefined ? 'something else' : `“${name(text)}”`
}
