import type { AssuranceClaims, LicenseClaim } from './claims.ts'
import { isObject } from './lib/shape.ts'
import { type License, parseLicense } from './license.ts'

/** Writes a license as a token carries it. */
export function licenseClaim({ id, epoch, tier, features, state, raisedAt, changesAt, requires }: License): LicenseClaim {
  return {
    id,
    epoch,
    tier,
    features,
    state,
    ...(raisedAt !== undefined && { raised_at: raisedAt }),
    ...(changesAt !== undefined && { changes_at: changesAt }),
    ...(requires && { requires }),
  }
}

/** Reads the license of a token; `undefined` if any of it is not understood. Never throws. */
export function parseLicenseClaim(value: unknown): LicenseClaim | undefined {
  if (!isObject(value)) return undefined
  const { raised_at: raisedAt, changes_at: changesAt, ...rest } = value
  const license = parseLicense({ ...rest, raisedAt, changesAt })
  return license && licenseClaim(license)
}

/** The license that a token names, or `null` if the account has none. */
export function licenseOf({ lic }: Pick<AssuranceClaims, 'lic'>): License | null {
  if (lic === null) return null
  const { raised_at: raisedAt, changes_at: changesAt, ...rest } = lic
  return { ...rest, ...(raisedAt !== undefined && { raisedAt }), ...(changesAt !== undefined && { changesAt }) }
}
