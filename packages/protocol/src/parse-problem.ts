import type { Reason } from './decision.ts'
import { isCount, isObject, isText, isTexts } from './lib/shape.ts'
import type { Operation } from './operation.ts'
import { ATTEMPT_FAILURES, PROBLEM_CODES, PROBLEM_TYPE_PREFIX, type Problem } from './problem.ts'
import { parseRequirement } from './requirement.ts'

/**
 * Reads a problem body from outside; `undefined` if it is not one of Stile.
 *
 * A requirement or an operation that is not understood makes the whole body `undefined`, since half of it would ask for something else;
 * members that only explain are left out if they are malformed. Never throws for a value that came from JSON.
 */
export function parseProblem(value: unknown): Problem | undefined {
  if (!isObject(value)) return undefined
  const { type, title, status, detail } = value
  const code = PROBLEM_CODES.find((each) => type === PROBLEM_TYPE_PREFIX + each)
  if (!code || !isText(title) || !isCount(status)) return undefined
  const requirement = parseRequirement(value.requirement)
  const operation = readOperation(value.operation)
  if ((value.requirement !== undefined && !requirement) || (value.operation !== undefined && !operation)) return undefined
  const { instance, feature, attemptsLeft, retryAfter } = value
  const failure = ATTEMPT_FAILURES.find((each) => each === value.failure)
  const reasons = listOf(value.reasons, isReason)
  const errors = listOf(value.errors, isFault)
  const next = readNext(value.next)
  return {
    type: PROBLEM_TYPE_PREFIX + code,
    title,
    status,
    code,
    detail: isText(detail) ? detail : '',
    ...(isText(instance) && { instance }),
    ...(isText(feature) && { feature }),
    ...(requirement && { requirement }),
    ...(operation && { operation }),
    ...(reasons && { reasons }),
    ...(next && { next }),
    ...(failure && { failure }),
    ...(isCount(attemptsLeft) && { attemptsLeft }),
    ...(isCount(retryAfter) && { retryAfter }),
    ...(errors && { errors }),
  }
}

/** The limits of an operation are the service's to enforce; here it only must be one. */
function readOperation(value: unknown): Operation | undefined {
  if (!isObject(value) || Object.hasOwn(value, '__proto__')) return undefined
  const fits = (each: unknown) => typeof each === 'string' || typeof each === 'boolean' || Number.isSafeInteger(each)
  return Object.values(value).every(fits) ? ({ ...value } as Operation) : undefined
}

function readNext(value: unknown): Problem['next'] {
  if (!isObject(value)) return undefined
  const { methods, tiers } = value
  return { ...(isTexts(methods) && { methods }), ...(isTexts(tiers) && { tiers }) }
}

function listOf<T>(value: unknown, fits: (each: unknown) => each is T): readonly T[] | undefined {
  return Array.isArray(value) ? value.filter(fits) : undefined
}

/** Codes of later versions stay: a reason also says itself in words. */
function isReason(value: unknown): value is Reason {
  return isObject(value) && isText(value.code) && typeof value.source === 'string' && isText(value.message)
}

function isFault(value: unknown): value is Readonly<{ pointer: string; detail: string }> {
  return isObject(value) && typeof value.pointer === 'string' && isText(value.detail)
}
