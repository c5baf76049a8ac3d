import { dpopProof, type Prover } from './dpop.ts'

/** One call that carries a token and a proof of the device key, and what cures its refusals. */
export type Exchange = Readonly<{
  method: string
  url: string
  /** Default: `true`. A body that can be read only once is sent once. */
  repeatable?: boolean
  /** The token to send along, asked anew for each try; without one the call goes without a proof. */
  token: () => Promise<string | undefined>
  /** Sends it once. */
  send: (token: string | undefined, proof: string) => Promise<Response>
  /** Cures what the challenge names; `false` where it cannot. A missing nonce is cured already. */
  cure: (cause: string, challenge: string, response: Response) => Promise<boolean>
}>

// A quote inside a quoted string is escaped (RFC 9110 §5.6.4), so that no text can pass for a parameter.
const ERROR = /\berror="(\w+)"/

/** Makes a call, and repeats it at most once per cause that a challenge names (RFC 9449 §8, RFC 9470 §3). The last answer is returned as it came. */
export async function exchange(prover: Prover, { method, url, repeatable = true, token, send, cure }: Exchange): Promise<Response> {
  const { origin } = new URL(url)
  const tried = new Set<string>()
  for (;;) {
    const carried = await token()
    const response = await send(carried, carried ? await dpopProof(prover, method, url, carried) : '')
    const nonce = response.headers.get('dpop-nonce')
    if (nonce) prover.nonces.set(origin, nonce)
    const challenge = response.headers.get('www-authenticate') ?? ''
    const cause = (response.status === 401 && repeatable && ERROR.exec(challenge)?.[1]) || ''
    if (tried.has(cause) || !(cause === 'use_dpop_nonce' ? nonce : await cure(cause, challenge, response))) return response
    tried.add(cause)
  }
}
