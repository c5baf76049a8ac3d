import { type Requirement, SESSION_FEATURE, type StepUp } from '@stile/protocol'
import type { z } from 'zod'
import { noticeFor } from '../addresses/notice-for.ts'
import { guessesLeft } from '../guesses/guesses.ts'
import { readBody } from '../input/body.ts'
import { attemptFailed, stepUpExpired } from '../methods/failure.ts'
import type { Ceremony } from '../methods/method.ts'
import { relogin } from '../methods/relogin/method.ts'
import type { EndedCaller } from '../sessions/caller.ts'
import { withoutLogin } from '../sessions/login.ts'
import { sessionKey } from '../sessions/session-key.ts'
import { budgetOf } from '../standing/budget.ts'
import { loadStanding } from '../standing/standing.ts'
import { audienceFor } from '../tokens/audience.ts'
import type { Domain } from '../tokens/domain.ts'
import { issueToken } from '../tokens/issue.ts'
import { ATTEMPT_BODY } from './attempt.ts'
import { openStepUp } from './open.ts'
import { newStepUpId, openWith, START_BODY, shownStepUp } from './start.ts'
import { startWay } from './ways.ts'

/**
 * How many such step-ups of a subject are open at once on known devices, and on all others together. Keys for which there is no room, of which
 * anybody can make more with a stolen token, start them too.
 */
const MOST_OPEN = 100

/** All that is asked of somebody whose session is over, and all that is offered: to sign in again where the service runs it. */
const REQUIREMENT: Requirement = { level: 'session', methods: ['relogin'] }

/**
 * Starts the one step-up of somebody whose session is over. Nothing of the subject is told to them: neither what is enrolled, nor the license,
 * nor a decision.
 *
 * @throws {StileError} `session_ended` for any other feature, and if no sign-in could begin the session again; `invalid_request`
 */
export async function startReopening(domain: Domain, ended: EndedCaller, body: unknown): Promise<StepUp> {
  const { feature, audience } = readBody(START_BODY, body)
  if (!ended.reopens || feature !== SESSION_FEATURE) throw ended.refusal
  const { standing, way } = await ceremonyOf(domain, ended)
  return openWith(domain, standing, {
    id: newStepUpId(domain),
    feature,
    audience: audienceFor(domain, standing.caller, audience),
    requirement: REQUIREMENT,
    ways: [{ method: relogin, way }],
    most: MOST_OPEN,
  })
}

/**
 * Starts the sign-in of such a step-up again: the one that was started before is void.
 *
 * @throws {StileError} `session_ended` for any other step-up or method, `step_up_expired`, `login_unavailable`
 */
export async function startReopeningMethod(domain: Domain, ended: EndedCaller, id: string, method: string): Promise<StepUp> {
  const { record, ...ceremony } = await openReopening(domain, ended, { id, method })
  const { standing, way, requirement } = ceremony
  const started = await startWay(domain, { method: relogin, way }, { record, standing, requirement })
  return { ...shownStepUp(record), status: 'open', methods: [started], attemptsLeft: await attemptsLeft(domain, { record, ...ceremony }) }
}

/**
 * Judges a sign-in. If it is the subject's own and was given after the session had ended, the session begins again for this device key, with
 * this proof alone; what ended for other keys stays ended. What the login of the session token says counts no more than before: the
 * token may be one that was stolen.
 *
 * @throws {StileError} `session_ended` for any other step-up or method, `invalid_request`, `step_up_expired`, `attempt_failed`,
 *   `login_unavailable`
 */
export async function attemptReopening(domain: Domain, ended: EndedCaller, id: string, body: unknown): Promise<StepUp> {
  const given = readBody(ATTEMPT_BODY, body)
  return domain.inTurn(`step-up ${id} ${given.method}`, () => judgeReopening(domain, ended, id, given))
}

async function judgeReopening(
  domain: Domain,
  ended: EndedCaller,
  id: string,
  { method, response }: z.infer<typeof ATTEMPT_BODY>,
): Promise<StepUp> {
  const ceremony = await openReopening(domain, ended, { id, method })
  const { record, standing } = ceremony
  const { subject, sid, account } = standing.caller
  const { method: by, level, amr, authTime } = await relogin.prove(domain, ceremony, response)
  const now = domain.now()
  const outcome = await domain.store.sessions.reopen({
    key: sessionKey(standing.caller),
    account,
    now,
    ...domain.options.session,
    stepUpId: record.id,
    proof: { method: by, level, amr, authTime },
    change: { at: now, type: 'proofs', subject, sid },
    notices: await noticeFor(domain, subject, 'device_crowded_out', {}),
  })
  if (outcome === 'gone') throw stepUpExpired()
  if (outcome === 'too_early') throw attemptFailed('login_too_old', await attemptsLeft(domain, ceremony))
  const issued = await issueToken(domain, await loadStanding(domain, standing.caller), { audience: record.audience })
  return { ...shownStepUp(record), status: 'done', issued }
}

/** The open step-up of somebody whose session is over. */
async function openReopening(
  domain: Domain,
  ended: EndedCaller,
  { id, method }: Readonly<{ id: string; method: string }>,
): Promise<Ceremony> {
  if (!ended.reopens || method !== relogin.name) throw ended.refusal
  const record = await openStepUp(domain, withoutLogin(ended.identity), id)
  // one that was opened while the session was
  if (record.feature !== SESSION_FEATURE) throw ended.refusal
  return { record, ...(await ceremonyOf(domain, ended)) }
}

async function ceremonyOf(domain: Domain, { identity, refusal }: EndedCaller): Promise<Omit<Ceremony, 'record'>> {
  const standing = await loadStanding(domain, withoutLogin(identity))
  const way = relogin.way(domain, standing, REQUIREMENT)
  if (way === undefined) throw refusal
  return { standing, way, requirement: REQUIREMENT }
}

function attemptsLeft(domain: Domain, { record, standing }: Ceremony): Promise<number> {
  return guessesLeft(domain, { subject: record.key.subject, budget: budgetOf(standing), ceremony: record.id })
}
