import { canMeet } from '@stile/policy'
import type { Level, LoginGap, Method, Requirement } from '@stile/protocol'
import type { Options } from '../options/options.ts'
import { enrolledAs } from '../standing/counted.ts'
import type { EvidenceDomain } from '../standing/domain.ts'
import type { Standing } from '../standing/standing.ts'
import type { AuthenticatorRecord, AuthenticatorUse, StepUpRecord } from '../stores/store.ts'

/** One way to meet a requirement: a method and what the subject has enrolled for it. */
export type Way = Readonly<{
  method: Method
  /** Those that can meet the requirement; empty for a method that needs none. */
  authenticators: readonly AuthenticatorRecord[]
  /** What tells people which one is meant, if that is not the name of the only authenticator. */
  hint?: string
  /** What people are told of why they sign in again, if it is not that their last sign-in is too old. */
  why?: LoginGap
}>

/** A step-up in which one way is taken. */
export type Ceremony = Readonly<{ record: StepUpRecord; standing: Standing; way: Way; requirement: Requirement }>

/** What an answer has proven. */
export type Proven = Readonly<{
  method: Method
  level: Level
  /** RFC 8176. */
  amr: readonly string[]
  /** When it was given, in seconds since the epoch: never later than now. */
  authTime: number
  /** What gave it, so that removing the authenticator removes the proof. */
  authenticatorId?: string
  /** What is still to be noted of the authenticator: of two answers with the same counter, one is a copy of the other. */
  use?: AuthenticatorUse
}>

/** A method that was started. The caller keeps the challenge: what was started of the method before is then void. */
export type Started = Readonly<{
  /** The `start` of the way, for the browser. */
  start: unknown
  /** What its answer is held against, kept by the service alone. */
  challenge: string
  /** Gives back what starting took, if the challenge could not be kept. */
  undo?: () => Promise<void>
}>

/** Everything that the service knows of one method. */
export type AuthenticationMethod = Readonly<{
  name: Method
  /** Whether this service, as it is configured, can verify the method. */
  isServed(options: Options): boolean
  /** Whether the method is of something that people enrol. */
  isEnrollable: boolean
  /** Whether it is started with the step-up that it is the best way of. What reaches people elsewhere waits until it is chosen. */
  startsAtOnce: boolean
  /** How a subject can meet a requirement with it; `undefined` if they cannot. */
  way(domain: EvidenceDomain, standing: Standing, requirement: Requirement): Way | undefined
  /**
   * Starts it. Absent if there is nothing to start; `undefined` if there is nothing to start in this case.
   *
   * @throws {StileError} what keeps it from starting, such as `mail_unavailable`: the step-up stays open
   */
  start?(domain: EvidenceDomain, ceremony: Ceremony): Promise<Started | undefined>
  /**
   * Judges an answer. What can be used once is taken before it is looked at.
   *
   * @throws {StileError} `attempt_failed` or `too_many_attempts`; the step-up stays open
   */
  prove(domain: EvidenceDomain, ceremony: Ceremony, response: unknown): Promise<Proven>
}>

/** The way of a method by what is enrolled for it and can meet a requirement; `undefined` if nothing is. */
export function wayByAuthenticator(method: Method, standing: Standing, requirement: Requirement): Way | undefined {
  const authenticators = standing.authenticators.filter(
    (record) => record.data.method === method && !record.disabled && canMeet(requirement, enrolledAs(record)),
  )
  return authenticators.length > 0 ? { method, authenticators } : undefined
}
