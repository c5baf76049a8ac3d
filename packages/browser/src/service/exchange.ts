import type { ChallengeParams } from '@stile/protocol'
import type { DeviceProver } from '../device/device-proof.ts'

/** A token and the proof of the device key that goes with it. */
export type Credential = Readonly<{ token: string; proof: string }>

/** An answer that asks for something: a stronger proof, another token, a nonce. */
export type Challenged = Readonly<{
  challenge: ChallengeParams
  /** The token that was sent along. */
  token: string | undefined
  response: Response
}>

/** One call, and what it needs. */
export type Exchange = Readonly<{
  prover: DeviceProver
  method: string
  url: URL
  /** `false` for a body that can be read only once: such a call is sent once. Default: `true`. */
  repeatable?: boolean
  /** The token to send along, asked for each try. Without one the call goes without a proof. */
  token: () => Promise<string | undefined>
  send: (credential: Credential | undefined) => Promise<Response>
  /** Does what the challenge asks for, and resolves with whether it did. A missing nonce is learnt already. */
  cure: (challenged: Challenged) => Promise<boolean>
}>

/** Loads what reads an answer that refuses. */
export const loadRefusals = (): Promise<typeof import('./refusals.ts')> => import('./refusals.ts')

const NO_NONCE = 'use_dpop_nonce'

/**
 * Makes a call with a token and a proof of the device key, and repeats it at most once per error that a challenge names (RFC 9449 §8,
 * RFC 9470 §3).
 *
 * @returns the last answer, as it came
 */
export async function exchange({ prover, method, url, repeatable = true, token, send, cure }: Exchange): Promise<Response> {
  const tried = new Set<string>()
  for (;;) {
    const carried = await token()
    const response = await send(carried ? { token: carried, proof: await prover.prove({ method, url, token: carried }) } : undefined)
    const hasNonce = prover.learnNonce(url, response)
    if (response.status !== 401 || !repeatable) return response
    const header = response.headers.get('www-authenticate') ?? ''
    // the first answer of a server that gives nonces: nothing is loaded to read it
    if (hasNonce && header.includes(NO_NONCE) && !tried.has(NO_NONCE)) {
      tried.add(NO_NONCE)
      continue
    }
    const { findChallenge } = await loadRefusals()
    const challenge = findChallenge(header)
    if (!challenge || tried.has(challenge.error)) return response
    tried.add(challenge.error)
    if (!(await cure({ challenge, token: carried, response }))) return response
  }
}
