import type { Operation } from '@stile/protocol'
import type { NoticeKind } from '../stores/store.ts'

/** What every mail knows. Every text in it may come from people: a template must escape what it puts into HTML. */
type Common = Readonly<{
  to: string
  /** The name of the product. */
  product: string
  /** Who can help, such as `your administrator`. */
  help: string
  /** When what it tells of happened, in seconds since the epoch. */
  at: number
}>

/** A code that proves control of the mailbox once. */
export type CodeMessage = Common &
  Readonly<{
    kind: 'code'
    code: string
    /** What the code is asked for, as the policy labels it. */
    feature: string
    /** What the code confirms, if it is bound to an operation: people see in the mail what a page may hide from them. */
    operation?: Operation
    /** Seconds since the epoch. */
    expiresAt: number
  }>

/** A link with which an administrator lets somebody recover. */
export type RecoveryMessage = Common & Readonly<{ kind: 'recovery'; url: string; expiresAt: number }>

/** An authenticator in a notice, by its method and by the name that its owner gave it. */
type Named = Readonly<{ method: string; name: string }>

/** What each notice says beside its kind. */
type NoticeContents = Readonly<{
  authenticator_added: Named
  authenticator_removed: Named
  /** `former` is the name until now. */
  authenticator_renamed: Named & Readonly<{ former: string }>
  authenticator_disabled: Named
  codes_guessed: Readonly<Record<string, never>>
  recovery_codes_made: Readonly<Record<string, never>>
  /** `by` is `link` or `code`. */
  recovery_used: Readonly<{ by: string }>
  recovery_link_requested: Readonly<Record<string, never>>
  /** The masked address that takes over, and when, in seconds since the epoch. */
  address_changed: Readonly<{ address: string; settlesAt: number }>
  /** What the device calls itself, if it does. */
  device_forgotten: Readonly<{ name?: string }>
  device_crowded_out: Readonly<Record<string, never>>
  /** Whether the devices of the subject are known no more, too. */
  sessions_ended: Readonly<{ devices?: 'forgotten' }>
}>

/** What a notice of one kind says. */
export type NoticeContent<Kind extends NoticeKind> = NoticeContents[Kind]

/** A notice by its kind: the kind says which members `data` has. */
export type Notice<Kind extends NoticeKind = NoticeKind> = { [Each in Kind]: Readonly<{ kind: Each; data: NoticeContent<Each> }> }[Kind]

/** Tells of a change after it has happened. */
export type NoticeMessage = Common & Notice

/** Several notices of one hour, which are told in one mail because others were sent just before. */
export type SeveralNotices = Readonly<{
  kind: 'several_changes'
  data: Readonly<{
    /** How many there are. */
    count: number
    /** At most 30, first what changes who can get in; `at` is when it happened, in seconds since the epoch. */
    listed: readonly (Notice & Readonly<{ at: number }>)[]
    /** How many more there are of each kind. */
    more: Readonly<Partial<Record<NoticeKind, number>>>
  }>
}>

/** Tells of several changes at once, after they have happened; `at` is when the first of them did. */
export type DigestMessage = Common & SeveralNotices

/** Everything that is sent by mail. */
export type MailMessage = CodeMessage | RecoveryMessage | NoticeMessage | DigestMessage

/** The text of a mail. */
export type MailText = Readonly<{ subject: string; text: string; html: string }>

/** A mail as the `deliver` hook gets it. */
export type OutgoingMail = MailText & Readonly<{ to: string; from?: string; kind: MailMessage['kind'] }>

/** Writes mails in the words of an operator; `undefined` leaves a mail to the built-in words. */
export type Templates = (message: MailMessage) => MailText | undefined

/** A message without what every mail of the service has in common. */
export type MailContent = MailMessage extends infer Each ? (Each extends MailMessage ? Omit<Each, 'product' | 'help'> : never) : never

/** Sends mail. */
export type Mail = Readonly<{
  /**
   * Resolves when the mail was taken over. Nothing in an error tells what was in the mail or whom it was for.
   *
   * @throws {StileError} `mail_unavailable`
   */
  send(message: MailContent): Promise<void>
  /** Lets go of open connections. */
  close(): void
}>
