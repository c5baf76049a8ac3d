import { settlesFor } from '@stile/policy'
import { type Requirement, rank, type StepUpMethod } from '@stile/protocol'
import type { Domain } from '../domain.ts'
import { StileError } from '../error.ts'
import type { Ceremony, MethodRoom, Started, Way } from '../methods/method.ts'
import { servedRooms } from '../methods/methods.ts'
import type { Standing } from '../standing/standing.ts'
import { stepUpExpired } from './open.ts'

/** A way that a subject can take, and the room that knows it. */
export type OpenWay = Readonly<{ room: MethodRoom; way: Way }>

/**
 * The ways in which a subject can meet a requirement with what they have: what was used last first, then the best.
 *
 * @param feature  what it is for: what is too new for it is left out
 */
export function waysToMeet(domain: Domain, standing: Standing, requirement: Requirement, feature?: string): readonly OpenWay[] {
  const having = { ...standing, authenticators: settledFor(standing, requirement, feature) }
  const ways = servedRooms(domain.options).flatMap((room): readonly OpenWay[] => {
    const way = room.way(domain, having, requirement)
    return way === undefined ? [] : [{ room, way }]
  })
  // the order of those that were never used stays
  return ways.toSorted((a, b) => lastUseOf(b.way) - lastUseOf(a.way))
}

/** Starts a way of an open step-up, and shows it. What was started of the method before is void. */
export async function startWay(domain: Domain, { room, way }: OpenWay, ceremony: Omit<Ceremony, 'way'>): Promise<StepUpMethod> {
  const started = await room.start?.(domain, { ...ceremony, way })
  if (started === undefined) return shownWay({ room, way })
  const { start, challenge } = started
  const kept = await keep(started, () => domain.store.stepUps.start({ id: ceremony.record.id, method: way.method, challenge }))
  if (!kept) throw stepUpExpired()
  return { ...shownWay({ room, way }), start }
}

/**
 * Creates a step-up with its first way started, and shows that way. It is shown as it is where it waits until it is chosen, and where what it
 * needs cannot be reached: another can be chosen, and who chooses it is told.
 */
export async function createStarted(domain: Domain, { room, way }: OpenWay, ceremony: Omit<Ceremony, 'way'>): Promise<StepUpMethod> {
  const { stepUps } = domain.store
  const started = await (room.startsAtOnce ? room.start?.(domain, { ...ceremony, way }) : undefined)?.catch((error) => {
    if (error instanceof StileError && error.code === 'login_unavailable') return undefined
    throw error
  })
  if (started === undefined) {
    await stepUps.create(ceremony.record)
    return shownWay({ room, way })
  }
  const { start, challenge } = started
  await keep(started, () => stepUps.create(ceremony.record, { method: way.method, challenge }))
  return { ...shownWay({ room, way }), start }
}

async function keep<T>({ undo }: Started, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    await undo?.().catch(() => undefined)
    throw error
  }
}

/** A way as the browser lists it, not started. Where it can only be one authenticator, its name helps to find it. */
export function shownWay({ way: { method, authenticators, hint } }: OpenWay): StepUpMethod {
  const [only, ...others] = authenticators
  const name = hint ?? (only !== undefined && others.length === 0 ? only.name : undefined)
  return { method, ...(name !== undefined && { hint: name }) }
}

/**
 * The way of a method that a caller chose.
 *
 * @throws {StileError} `method_unavailable` where nothing enrolled for it can meet the requirement
 */
export function wayFor(standing: Standing, ways: readonly OpenWay[], method: string): OpenWay {
  const found = ways.find(({ way }) => way.method === method)
  if (found !== undefined) return found
  const enrolled = standing.authenticators.filter(({ data }) => data.method === method)
  const why =
    enrolled.length === 0
      ? 'This method cannot be used here.'
      : enrolled.every(({ disabled }) => disabled)
        ? 'Too many wrong codes were typed for this method, and it is switched off.'
        : 'What you have for this method is not strong enough here, or was added too recently.'
  throw new StileError('method_unavailable', `${why} Choose another one.`, { next: { methods: ways.map(({ way }) => way.method) } })
}

/** For an operation or what a compliance rule protects, something new counts as no more than `mfa`. */
function settledFor(
  { authenticators, policy }: Standing,
  requirement: Requirement,
  feature: string | undefined,
): Standing['authenticators'] {
  const isSensitive = settlesFor(policy.policy, feature ?? '', requirement)
  return isSensitive && rank(requirement.level) > rank('mfa')
    ? authenticators.filter(({ settlesAt }) => settlesAt === undefined)
    : authenticators
}

function lastUseOf({ authenticators }: Way): number {
  return Math.max(0, ...authenticators.map(({ lastUsedAt, createdAt }) => lastUsedAt ?? createdAt))
}
