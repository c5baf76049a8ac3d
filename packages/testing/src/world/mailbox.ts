import type { Clock } from './clock.ts'
import type { World } from './world.ts'

/** One mail as it was sent. */
export type Mail = Readonly<{
  to: string
  about: 'code' | 'added' | 'removed' | 'codes_made' | 'recovered' | 'link'
  /** The code or the token of the link that is in it. */
  secret?: string
  /** Seconds since the epoch. */
  at: number
}>

/** The mailbox of the subject. */
export type Mailbox = Readonly<{
  inbox: () => readonly Mail[]
  /** Sends a mail. Whether there was anybody to send it to. */
  send: (about: Mail['about'], secret?: string) => boolean
  /** An address, all but its first letter and its domain hidden; `undefined` if there is none. */
  hint: () => string | undefined
  /** Whether a code may go there now. */
  takesCodes: () => boolean
}>

/** Creates the mailbox: mails are kept here, for tests to read. */
export function createMailbox(clock: Clock, world: () => World): Mailbox {
  const sent: Mail[] = []
  return {
    inbox: () => [...sent],
    send: (about, secret) => {
      const { email, away } = world()
      if (email === null || away.includes('mail')) return false
      sent.push({ to: email, about, at: clock.now(), ...(secret !== undefined && { secret }) })
      return true
    },
    hint: () => world().email?.replace(/^(.)[^@]*/, '$1•••'),
    takesCodes: () => world().email !== null && (world().emailSuspendedUntil ?? 0) <= clock.now(),
  }
}
