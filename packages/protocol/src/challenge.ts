/** The authentication schemes that challenges of Stile use (RFC 9449 §7.1, RFC 6750 §3). */
export type ChallengeScheme = 'DPoP' | 'Bearer'

/** What a challenge says. Members that are `undefined` are left out. */
export type ChallengeInit = Readonly<{
  scheme: ChallengeScheme
  realm?: string | undefined
  error?: string | undefined
  errorDescription?: string | undefined
  scope?: string | undefined
  /** Every `acr` that would do, weakest first (RFC 9470 §3). */
  acrValues?: readonly string[] | undefined
  /** How old the proof may be, in seconds (RFC 9470 §3). */
  maxAgeSeconds?: number | undefined
  /** The algorithms of DPoP proofs that are accepted (RFC 9449 §7.1). Default: `ES256` in every challenge of DPoP, none in others. */
  algs?: readonly string[] | undefined
}>

/**
 * Writes one `WWW-Authenticate` challenge (RFC 9110 §11.6.1, RFC 9470 §3).
 *
 * Whatever a header or the attribute cannot carry is left out, so that no value can end the header or forge another attribute.
 */
export function buildChallenge(init: ChallengeInit): string {
  const { scheme, realm, error, errorDescription, scope, acrValues, maxAgeSeconds } = init
  const { algs = scheme === 'DPoP' ? PROOF_ALGS : undefined } = init
  const params: string[] = []
  const add = (name: string, text: string | undefined) => {
    if (text !== undefined) params.push(`${name}="${text.replace(/[^ -~]/g, '').replace(/["\\]/g, '\\$&')}"`)
  }
  add('realm', realm)
  add('error', bare(error))
  add('error_description', bare(errorDescription))
  add('scope', bare(scope))
  add('acr_values', list(acrValues))
  // A limit that is no number of seconds becomes the strictest one.
  add('max_age', maxAgeSeconds === undefined ? undefined : String(maxAgeSeconds > 0 ? Math.min(Math.floor(maxAgeSeconds), MAX_SECONDS) : 0))
  add('algs', list(algs))
  return params.length > 0 ? `${scheme} ${params.join(', ')}` : scheme
}

/** The one algorithm that device proofs may have. */
const PROOF_ALGS: readonly string[] = ['ES256']
const MAX_SECONDS = Number.MAX_SAFE_INTEGER

/** RFC 6750 §3 allows neither quotes nor backslashes in these, not even escaped. */
function bare(text: string | undefined): string | undefined {
  return text?.replaceAll('"', "'").replaceAll('\\', '')
}

/** Values that would fall apart at a space, or need escapes, name nothing that we know: they are left out. */
function list(values: readonly string[] | undefined): string | undefined {
  return values?.filter((each) => /^[!#-[\]-~]+$/.test(each)).join(' ')
}
