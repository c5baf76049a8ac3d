import { STILE_ASSURANCE, STILE_PROOF } from '@stile/protocol'
import type { GuardRequest, Header } from './request.ts'

/** The assurance token of a request, and the device proof that came with it. */
export type Credential =
  | Readonly<{ status: 'none' }>
  | Readonly<{ status: 'malformed'; why: string }>
  | Readonly<{ status: 'found'; scheme: 'dpop' | 'bearer'; token: string; proof: Header }>

const NONE: Credential = Object.freeze({ status: 'none' })
const UNREADABLE: Credential = Object.freeze({ status: 'malformed', why: 'Authorization: DPoP must be followed by one token.' })
// RFC 9110 §11.4: a scheme and spaces; the rest must be the token, which its verifier tells
const SCHEME = /^(dpop|bearer) +(?=.)/i
const ASSURANCE = STILE_ASSURANCE.toLowerCase()
const PROOF = STILE_PROOF.toLowerCase()

/**
 * Finds the assurance token: in `Stile-Assurance` with its proof in `Stile-Proof`, else in `Authorization: DPoP` with it in `DPoP`.
 *
 * The first pair wins, because then `Authorization` is the application's own. A header that was sent twice is refused: two readers could
 * take different ones.
 */
export function readCredential(request: GuardRequest): Credential {
  const own = readHeader(request, ASSURANCE)
  if (typeof own === 'object') return { status: 'malformed', why: 'Stile-Assurance was sent more than once.' }
  if (own !== undefined) return { status: 'found', scheme: 'dpop', token: own, proof: readHeader(request, PROOF) }
  const authorization = readHeader(request, 'authorization')
  if (authorization === undefined) return NONE
  if (typeof authorization === 'object') return { status: 'malformed', why: 'Authorization was sent more than once.' }
  const [prefix, scheme] = SCHEME.exec(authorization) ?? []
  if (prefix === undefined || scheme === undefined) return /^dpop\b/i.test(authorization) ? UNREADABLE : NONE
  const token = authorization.slice(prefix.length)
  return { status: 'found', scheme: scheme.toLowerCase() as 'dpop' | 'bearer', token, proof: readHeader(request, 'dpop') }
}

/** The value of a header; a list only if it was sent more than once. */
function readHeader(request: GuardRequest, name: string): Header {
  const value = request.header(name)
  return typeof value === 'object' && value.length < 2 ? value[0] : value
}
