import { STILE_ASSURANCE, STILE_PROOF } from '@stile/protocol'
import type { GuardRequest } from './request.ts'

/** The assurance token of a request, and the device proof that came with it. */
export type Credential =
  | Readonly<{ status: 'none' }>
  | Readonly<{ status: 'malformed'; why: string }>
  | Readonly<{ status: 'found'; scheme: 'dpop' | 'bearer'; token: string; proof: Header }>

/** One header: absent, sent once, or sent more than once. */
export type Header = Readonly<{ status: 'none' }> | Readonly<{ status: 'one'; value: string }> | Readonly<{ status: 'many' }>

const NONE: Credential = Object.freeze({ status: 'none' })
const UNREADABLE: Credential = Object.freeze({ status: 'malformed', why: 'Authorization: DPoP must be followed by one token.' })
// RFC 9110 §11.4: a scheme and spaces; the rest is the token, and whoever reads it refuses what is none
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
  if (own.status === 'many') return { status: 'malformed', why: 'Stile-Assurance was sent more than once.' }
  if (own.status === 'one') return { status: 'found', scheme: 'dpop', token: own.value, proof: readHeader(request, PROOF) }
  const authorization = readHeader(request, 'authorization')
  if (authorization.status === 'none') return NONE
  if (authorization.status === 'many') return { status: 'malformed', why: 'Authorization was sent more than once.' }
  const [prefix, scheme] = SCHEME.exec(authorization.value) ?? []
  if (prefix === undefined || scheme === undefined) return /^dpop\b/i.test(authorization.value) ? UNREADABLE : NONE
  const token = authorization.value.slice(prefix.length)
  return { status: 'found', scheme: scheme.toLowerCase() as 'dpop' | 'bearer', token, proof: readHeader(request, 'dpop') }
}

function readHeader(request: GuardRequest, name: string): Header {
  const value = request.header(name)
  if (value === undefined) return { status: 'none' }
  if (typeof value === 'string') return { status: 'one', value }
  const [only, ...more] = value
  if (only === undefined) return { status: 'none' }
  return more.length > 0 ? { status: 'many' } : { status: 'one', value: only }
}
