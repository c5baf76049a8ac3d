import type { Prover } from '../device/device-proof.ts'

// A quote inside a quoted string is escaped (RFC 9110 §5.6.4), so that no text can pass for a parameter.
const ERROR = /\berror="(\w+)"/

/**
 * Makes a call with a token and a proof of the device key, and repeats it at most once per cause that a challenge names (RFC 9449 §8,
 * RFC 9470 §3). The last answer is returned as it came.
 *
 * @param repeatable  a body that can be read only once is sent once
 * @param token  the token to send along, asked anew for each try; without one the call goes without a proof
 * @param cure  cures what the challenge names; `false` where it cannot. A missing nonce is cured already
 */
export async function exchange(
  [prove, learn]: Prover,
  method: string,
  url: URL,
  repeatable: boolean,
  token: () => Promise<string | undefined>,
  send: (token: string | undefined, proof: string) => Promise<Response>,
  cure: (cause: string, carried: string | undefined, challenge: string, response: Response) => Promise<boolean>,
): Promise<Response> {
  const tried = new Set<string>()
  for (;;) {
    const carried = await token()
    const response = await send(carried, carried ? await prove(method, url, carried) : '')
    const { headers, status } = response
    const nonce = headers.get('dpop-nonce')
    if (nonce) learn(url.origin, nonce)
    const challenge = headers.get('www-authenticate') ?? ''
    const cause = (status === 401 && repeatable && ERROR.exec(challenge)?.[1]) || ''
    if (tried.has(cause) || !(cause === 'use_dpop_nonce' ? nonce : await cure(cause, carried, challenge, response))) return response
    tried.add(cause)
  }
}
