import type { AssuranceClaims, OperationDetail, ProofClaim } from './claims.ts'
import { BANDS, type Band } from './decision.ts'
import { levelOfAcr } from './level.ts'
import { isCount, isObject, isText, isTexts } from './lib/shape.ts'
import { parseLicenseClaim } from './license-claim.ts'
import { isMethod } from './method.ts'
import { parseSubject } from './subject.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * Checks the shape of an assurance token's payload whose signature, issuer, audience and times the caller verifies.
 *
 * Unknown claims are ignored; proofs of an unknown method or `acr` are dropped, since they prove nothing we know. Anything else that is
 * missing, mistyped or out of range makes the whole payload `undefined`: half understood, it could say more than was meant. Never throws.
 */
export function parseAssuranceClaims(value: unknown): AssuranceClaims | undefined {
  if (!isObject(value)) return undefined
  const { iss, aud, sub, exp, iat, nbf, jti, client_id, sid, account, acr, amr, auth_time, risk } = value
  if (!isText(iss) || !isText(aud) || !isText(sub) || !parseSubject(sub)) return undefined
  if (!isCount(exp) || !isCount(iat) || !isCount(nbf)) return undefined
  if (!isText(jti) || !isText(client_id) || !isText(sid) || !isText(account)) return undefined
  if (!isText(acr) || !isTexts(amr) || !isCount(auth_time) || !isBand(risk)) return undefined
  const proofs = parseProofs(value.proofs)
  const lic = value.lic === null ? null : parseLicenseClaim(value.lic)
  const pol = parsePol(value.pol)
  const optional = parseOptional(value)
  if (!proofs || lic === undefined || !pol || !optional) return undefined
  return { iss, aud, sub, exp, iat, nbf, jti, client_id, sid, account, acr, amr: [...amr], auth_time, proofs, lic, pol, risk, ...optional }
}

function isBand(value: unknown): value is Band {
  return (BANDS as readonly unknown[]).includes(value)
}

function parseProofs(value: unknown): ProofClaim[] | undefined {
  if (!Array.isArray(value)) return undefined
  const proofs: ProofClaim[] = []
  for (const each of value as readonly unknown[]) {
    if (!isObject(each)) return undefined
    const { method, acr, amr, auth_time, settles_at } = each
    if (!isText(method) || !isText(acr) || !isTexts(amr) || !isCount(auth_time)) return undefined
    if (settles_at !== undefined && !isCount(settles_at)) return undefined
    if (levelOfAcr(acr) && (method === 'login' || isMethod(method)))
      proofs.push({ method, acr, amr: [...amr], auth_time, ...(settles_at !== undefined && { settles_at }) })
  }
  return proofs
}

function parsePol(value: unknown): AssuranceClaims['pol'] | undefined {
  if (!isObject(value)) return undefined
  const { revision, digest } = value
  return isCount(revision) && isText(digest) ? { revision, digest } : undefined
}

/** What may be absent; present and malformed it is refused, so that a broken `cnf` never passes as a token that is bound to no key. */
function parseOptional(value: Members): Pick<AssuranceClaims, 'act' | 'cnf' | 'authorization_details'> | undefined {
  const { act, cnf } = value
  if (act !== undefined && !(isObject(act) && isText(act.sub))) return undefined
  if (cnf !== undefined && !(isObject(cnf) && isThumbprint(cnf.jkt))) return undefined
  const details = value.authorization_details === undefined ? undefined : parseDetails(value.authorization_details)
  if (value.authorization_details !== undefined && !details) return undefined
  return {
    ...(act && { act: { sub: act.sub as string } }),
    ...(cnf && { cnf: { jkt: cnf.jkt as string } }),
    ...(details && { authorization_details: details }),
  }
}

/** Whether a value has the form of a base64url SHA-256, such as the thumbprint of a key (RFC 7638 §3). */
export function isThumbprint(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value)
}

/** Details of other types are ignored (RFC 9396 §2); a token is bound to one operation at most. */
function parseDetails(value: unknown): OperationDetail[] | undefined {
  if (!Array.isArray(value)) return undefined
  const details: OperationDetail[] = []
  for (const each of value as readonly unknown[]) {
    if (!isObject(each) || !isText(each.type)) return undefined
    if (each.type !== 'stile_operation') continue
    const { feature, digest, salt } = each
    if (!isText(feature) || !isThumbprint(digest) || !isText(salt) || details.length > 0) return undefined
    details.push({ type: each.type, feature, digest, salt })
  }
  return details
}
