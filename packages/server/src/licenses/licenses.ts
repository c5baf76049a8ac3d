import { type License, MAX_ACCOUNT_LENGTH, NAME_RULE } from '@stile/protocol'
import { StileError } from '../error.ts'
import { isName } from '../input/name.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { LicenseRecord } from '../stores/store.ts'
import { type LicenseBody, parseLicenseBody } from './body.ts'
import { effectiveLicense, includesMore } from './effective.ts'

/** How often a write without a condition is tried again when another one came between. */
const TRIES = 5

/** The license of an account as it counts now; `null` if it has none. */
export async function effectiveLicenseOf(domain: FactsDomain, account: string): Promise<License | null> {
  const record = await domain.store.licenses.get(account)
  return effectiveLicense(domain.policy().policy, record, domain.now())
}

/**
 * The license of an account as it is kept.
 *
 * @throws {StileError} `not_found`
 */
export async function readLicense(domain: FactsDomain, account: string): Promise<LicenseRecord> {
  checkAccount(account)
  const record = await domain.store.licenses.get(account)
  if (record === null) throw new StileError('not_found', 'The account has no license. Write one to give it a tier.')
  return record
}

/**
 * The licenses as they are kept, by account in order, those after `after`.
 *
 * @param limit  default 100, at most 1000
 */
export async function listLicenses(
  domain: FactsDomain,
  { after, limit = 100 }: Readonly<{ after?: string; limit?: number }> = {},
): Promise<Readonly<{ licenses: readonly LicenseRecord[] /** Where the next page begins; absent on the last one. */; next?: string }>> {
  const size = Math.min(Math.max(Math.trunc(limit), 1), 1000)
  const found = await domain.store.licenses.list({ ...(after !== undefined && { after }), limit: size + 1 })
  const licenses = found.slice(0, size)
  const last = licenses.at(-1)
  return { licenses, ...(found.length > size && last !== undefined && { next: last.account }) }
}

/** What came of a write. */
export type WrittenLicense = Readonly<{
  record: LicenseRecord
  /** Whether the account had none before. */
  created: boolean
  /** False if the body says what is there already: nothing was written and the epoch is the same. */
  changed: boolean
}>

/**
 * Replaces the license of an account by what the body says.
 *
 * @param body  `{ tier, state, features?, endsAt?, requires? }`; what is left out is none
 * @param expectedEpoch  the epoch that the writer has read; without it the newest is replaced
 * @throws {StileError} `invalid_request` with every fault, `precondition_failed` if the epoch is another one, `conflict`
 */
export async function writeLicense(domain: FactsDomain, account: string, body: unknown, expectedEpoch?: number): Promise<WrittenLicense> {
  checkAccount(account)
  const wanted = parseLicenseBody(domain.policy().policy, body)
  for (let tried = 0; tried < TRIES; tried++) {
    const former = await domain.store.licenses.get(account)
    if (expectedEpoch !== undefined && former?.epoch !== expectedEpoch) throw changed(former)
    if (former !== null && saysTheSame(former, wanted)) return { record: former, created: false, changed: false }
    const record = next(domain, account, former, wanted)
    const changes = [{ at: record.updatedAt, type: 'license', account } as const]
    const written = await domain.store.licenses.write({ record, expectedEpoch: former?.epoch ?? null, changes })
    if (written) return { record, created: former === null, changed: true }
  }
  throw new StileError('conflict', 'The license is being changed by others at the same time. Read it and try again.')
}

/** Whether a text can name an account. */
export function isAccount(account: string): boolean {
  return isName(account, MAX_ACCOUNT_LENGTH)
}

function checkAccount(account: string): void {
  if (isAccount(account)) return
  throw new StileError('invalid_request', `The account is not a text of 1 to ${MAX_ACCOUNT_LENGTH} characters, ${NAME_RULE}.`)
}

function next(domain: FactsDomain, account: string, former: LicenseRecord | null, wanted: LicenseBody): LicenseRecord {
  const now = domain.now()
  const { policy } = domain.policy()
  const { tier, state, features, endsAt, requires } = wanted
  const record: LicenseRecord = {
    account,
    id: former?.id ?? `lic_${Buffer.from(domain.random(16)).toString('base64url')}`,
    epoch: (former?.epoch ?? 0) + 1,
    tier,
    features,
    state,
    stateSince: former?.state === state ? former.stateSince : now,
    updatedAt: now,
    ...(endsAt !== undefined && { endsAt }),
    ...(requires !== undefined && { requires }),
  }
  // an upgrade is a change that opens a feature, by any member of the license
  const before = effectiveLicense(policy, former, now)
  const raisedAt = includesMore(policy, effectiveLicense(policy, record, now), before) ? now : before?.raisedAt
  return { ...record, ...(raisedAt !== undefined && { raisedAt }) }
}

function saysTheSame(record: LicenseRecord, wanted: LicenseBody): boolean {
  return canonical(record) === canonical(wanted)
}

function canonical({ tier, state, features, endsAt, requires }: LicenseRecord | LicenseBody): string {
  const demand = requires && [
    requires.level,
    requires.maxAgeSeconds,
    requires.provenAfter,
    requires.methods && [...requires.methods].sort(),
  ]
  return JSON.stringify([tier, state, [...features].sort(), endsAt ?? null, demand ?? null])
}

function changed(former: LicenseRecord | null): StileError {
  const found = former === null ? 'The account has no license.' : `The current epoch is ${former.epoch}.`
  return new StileError('precondition_failed', `The license has changed since it was read. ${found} Read it again and decide again.`)
}
