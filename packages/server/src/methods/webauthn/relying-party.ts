/** Who the passkeys are for. */
export type RelyingParty = Readonly<{
  /** The domain that credentials are scoped to. */
  rpId: string
  rpName: string
  /** The exact origins that a ceremony may come from. */
  origins: readonly string[]
  /** Origins of other domains that share the credentials (WebAuthn L3 §5.11). */
  relatedOrigins?: readonly string[] | undefined
}>

/** Every origin that a ceremony may come from: those of the relying party's own domain, and those related to it. */
export function ceremonyOrigins({ origins, relatedOrigins = [] }: RelyingParty): string[] {
  return [...origins, ...relatedOrigins]
}

/** Whether an enrolment must verify the user: people who enrol a security key want the strongest there is, so its PIN is asked for. */
export const ENROLMENT_VERIFICATION = { passkey: 'preferred', 'security-key': 'required' } as const

/** The COSE algorithms of credential keys that are accepted, the best first: EdDSA, ES256, RS256. */
export const ALGORITHMS: readonly number[] = [-8, -7, -257]

/** The length of a challenge in bytes; WebAuthn L3 §13.4.3 asks for at least 16. */
export const CHALLENGE_BYTES = 32
