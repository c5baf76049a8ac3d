import type { StepUpMethod } from '@stile/protocol'
import { waysToChange } from '../authenticators/gate.ts'
import { StileError } from '../error.ts'
import { stepUpExpired } from '../methods/failure.ts'
import type { Ceremony, Started } from '../methods/method.ts'
import { type OpenWay, waysToMeet } from '../methods/ways.ts'
import type { Standing } from '../standing/standing.ts'
import type { StepUpRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'

/** The ways in which a step-up can be met, by what it is for. */
export function waysFor(
  domain: Domain,
  standing: Standing,
  { feature, operation, requirement }: Pick<StepUpRecord, 'feature' | 'operation' | 'requirement'>,
): readonly OpenWay[] {
  return operation?.id === undefined ? waysToMeet(domain, standing, requirement, feature) : waysToChange(domain, standing, requirement)
}

/** Starts a way of an open step-up, and shows it. What was started of the method before is void. */
export async function startWay(domain: Domain, { method, way }: OpenWay, ceremony: Omit<Ceremony, 'way'>): Promise<StepUpMethod> {
  const started = await method.start?.(domain, { ...ceremony, way })
  if (started === undefined) return shownWay({ method, way })
  const { start, challenge } = started
  const kept = await keep(started, () => domain.store.stepUps.start({ id: ceremony.record.id, method: way.method, challenge }))
  if (!kept) throw stepUpExpired()
  return { ...shownWay({ method, way }), start }
}

/**
 * Creates a step-up with its first way started, and shows that way. It is not started if it waits until it is chosen, nor if what
 * it needs cannot be reached: then another can be chosen, and somebody who chooses it is told.
 */
export async function createStarted(
  domain: Domain,
  { method, way }: OpenWay,
  { most, ...ceremony }: Omit<Ceremony, 'way'> & Readonly<{ most?: number | undefined }>,
): Promise<StepUpMethod> {
  const { stepUps } = domain.store
  const bounded = most === undefined ? {} : { most }
  const started = await (method.startsAtOnce ? method.start?.(domain, { ...ceremony, way }) : undefined)?.catch((error) => {
    if (error instanceof StileError && error.code === 'login_unavailable') return undefined
    throw error
  })
  if (started === undefined) {
    await stepUps.create(ceremony.record, bounded)
    return shownWay({ method, way })
  }
  const { start, challenge } = started
  await keep(started, () => stepUps.create(ceremony.record, { started: { method: way.method, challenge }, ...bounded }))
  return { ...shownWay({ method, way }), start }
}

async function keep<T>({ undo }: Started, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    await undo?.().catch(() => undefined)
    throw error
  }
}

/** A way as the browser lists it, not started. If it can only be one authenticator, its name helps to find it. */
export function shownWay({ way: { method, authenticators, hint, why } }: OpenWay): StepUpMethod {
  const [only, ...others] = authenticators
  const name = hint ?? (only !== undefined && others.length === 0 ? only.name : undefined)
  return { method, ...(name !== undefined && { hint: name }), ...(why && { why }) }
}

/**
 * The way of a method that a caller chose.
 *
 * @throws {StileError} `method_unavailable` if nothing enrolled for it can meet the requirement
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
