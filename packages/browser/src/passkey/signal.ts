import type { Stile } from '../stile.ts'

/** What the service tells of the subject's passkeys, for the browser (WebAuthn L3 §5.1.10). */
type Known = Readonly<{ rpId: string; userId: string; credentialIds: readonly string[] }>

/** What newer browsers have; TypeScript's library does not know it yet. */
type Signals = Readonly<{
  signalAllAcceptedCredentials?: (
    known: Readonly<{ rpId: string; userId: string; allAcceptedCredentialIds: readonly string[] }>,
  ) => Promise<void>
  signalUnknownCredential?: (unknown: Readonly<{ rpId: string; credentialId: string }>) => Promise<void>
}>

/**
 * Tells the browser which passkeys of the subject the service knows, so that it offers no others. Does nothing in a browser
 * that cannot be told. Never rejects.
 *
 * @param listed  the answer of `GET /v1/authenticators`; without it the service is asked
 */
export async function signalAccepted(request: Stile['request'], listed?: unknown): Promise<void> {
  const signals = signalsOf()
  if (!signals?.signalAllAcceptedCredentials) return
  try {
    const known = await knownOf(request, listed)
    if (!known) return
    const { rpId, userId, credentialIds } = known
    await signals.signalAllAcceptedCredentials({ rpId, userId, allAcceptedCredentialIds: credentialIds })
  } catch {
    // it only keeps the browser's list tidy
  }
}

/**
 * Tells the browser that the service does not know a passkey that it offered. Only one of this subject is told: the service does not know
 * those of others here, and they are to stay. Never rejects.
 *
 * @param response  what the passkey answered (`AuthenticationResponseJSON`)
 */
export async function signalUnknown(request: Stile['request'], response: unknown): Promise<void> {
  const signals = signalsOf()
  if (!signals?.signalUnknownCredential) return
  try {
    const { id, response: answer } = response as AuthenticationResponseJSON
    const known = await knownOf(request)
    if (!known || answer.userHandle !== known.userId || known.credentialIds.includes(id)) return
    await signals.signalUnknownCredential({ rpId: known.rpId, credentialId: id })
  } catch {}
}

function signalsOf(): Signals | undefined {
  return globalThis.PublicKeyCredential as unknown as Signals | undefined
}

async function knownOf(request: Stile['request'], listed?: unknown): Promise<Known | undefined> {
  const { webauthn } = ((await listed) ?? (await request('GET', '/v1/authenticators'))) as { webauthn?: Known }
  // half a list would hide passkeys that count
  return webauthn?.rpId && webauthn.userId && Array.isArray(webauthn.credentialIds) ? webauthn : undefined
}
