import type { Recovery, RecoveryTicket, Requirement } from '@stile/protocol'
import { AUTHENTICATORS_FEATURE, problem, RECOVERY_FEATURE } from '@stile/protocol'
import { refusalToManage } from '../authenticators/management.ts'
import { type Answer, type Body, refuse } from '../requests/answer.ts'
import { FRESH_SECONDS, type ServiceContext } from '../requests/context.ts'
import type { World } from '../world/world.ts'

/** What the subject falls back on if nothing enrolled is at hand. */
export type RecoveryVerbs = Readonly<{
  status: () => Answer
  makeCodes: () => Answer
  redeem: (body: Body) => Answer
  /** What an administrator does: sends a link, and gives the token that is in it. */
  sendLink: () => string
}>

/** What redeeming a code or a link asks for. */
export const RECOVERING: Requirement = { level: 'session', maxAgeSeconds: FRESH_SECONDS, methods: ['relogin'] }

const CODES = 10
const CODES_CHANGE = { change: 'codes' }
const LINK_SECONDS = 3600
/** How long a ticket is good for, in seconds. */
const TICKET_SECONDS = 600
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Whether the login is recent enough to recover. */
export function isRecentLogin({ loginAt }: World, now: number): boolean {
  return now - loginAt <= FRESH_SECONDS
}

/** Creates recovery. */
export function createRecovery(context: ServiceContext): RecoveryVerbs {
  const { clock, world, change, changes, mailbox, guesses, nextId } = context
  const links = new Map<string, number>()

  return {
    status: () => {
      const { recoveryCodes, recoveryCodesMadeAt, emailSuspendedUntil, help } = world()
      const hint = mailbox.hint()
      const suspended = emailSuspendedUntil !== null && emailSuspendedUntil > clock.now()
      const body: Recovery = {
        codesLeft: recoveryCodes.length,
        help,
        ...(recoveryCodesMadeAt !== null && { codesMadeAt: recoveryCodesMadeAt }),
        ...(hint !== undefined && { email: { hint, ...(suspended && { suspendedUntil: emailSuspendedUntil }) } }),
      }
      return { status: 200, body }
    },
    makeCodes: () => {
      const refused = refusalToManage(context, CODES_CHANGE)
      if (refused) return refused
      if (world().authenticators.length === 0) {
        const detail = 'Recovery codes are for when you have lost what you enrolled. Add an authenticator first.'
        return refuse(problem('denied', detail, { feature: AUTHENTICATORS_FEATURE }))
      }
      const codes = Array.from({ length: CODES }, recoveryCode)
      changes.use(CODES_CHANGE)
      change({ recoveryCodes: codes, recoveryCodesMadeAt: clock.now() })
      mailbox.send('codes_made')
      return { status: 201, body: { codes } }
    },
    redeem: ({ code, link }) => {
      if (!isRecentLogin(world(), clock.now())) {
        const members = { feature: RECOVERY_FEATURE, requirement: RECOVERING }
        return refuse(problem('insufficient_user_authentication', 'Sign in again first. The code was not used.', members))
      }
      // a link cannot be guessed
      const guess = link === undefined ? guesses.take(nextId('recovery')) : undefined
      if (guess && 'status' in guess) return guess
      const typed = typeof code === 'string' ? plain(code) : ''
      const right = typed ? world().recoveryCodes.find((each) => plain(each) === typed) : undefined
      const alive = typeof link === 'string' && (links.get(link) ?? 0) > clock.now()
      if (typeof link === 'string') links.delete(link)
      if (right === undefined && !alive) return refuse(problem('recovery_failed', 'That is wrong, was used already or has ended.'))
      guess?.forgive()
      const expiresAt = clock.now() + TICKET_SECONDS
      const recoveryCodes = world().recoveryCodes.filter((each) => each !== right)
      change({ recoveryCodes, ticket: { expiresAt, by: alive ? 'admin' : 'recovery-code' } })
      mailbox.send('recovered')
      const body: RecoveryTicket = { expiresAt, methods: ['passkey', 'security-key', 'totp'] }
      return { status: 201, body }
    },
    sendLink: () => {
      const token = crypto.randomUUID()
      links.set(token, clock.now() + LINK_SECONDS)
      mailbox.send('link', token)
      return token
    },
  }
}

/** Sixteen characters of 32: eighty bits. */
function recoveryCode(): string {
  const characters = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => CROCKFORD[byte % 32]).join('')
  return characters.replace(/(.{4})(?=.)/g, '$1-')
}

/** A code as it counts: case, spaces, hyphens and look-alikes are forgiven. */
function plain(code: string): string {
  return code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
}
