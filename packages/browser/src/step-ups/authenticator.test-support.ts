import { vi } from 'vitest'

/** What a page asks an authenticator for, as far as tests look at it. */
export type Asked = Readonly<{ publicKey: { challenge: ArrayBuffer }; signal: AbortSignal }>

/** Stubs a browser with an authenticator: `answer` is what its prompt does. Undone by `vi.unstubAllGlobals`. */
export function stubAuthenticator(answer: (asked: Asked) => Promise<unknown>) {
  const get = vi.fn(answer)
  vi.stubGlobal('PublicKeyCredential', class {})
  vi.stubGlobal('navigator', { credentials: { get } })
  return get
}

const bytes = new Uint8Array([1, 2, 3]).buffer

/** An assertion as a browser gives it; nothing checks its signature. */
export const assertion = {
  id: 'AQID',
  rawId: bytes,
  type: 'public-key',
  response: { authenticatorData: bytes, clientDataJSON: bytes, signature: bytes, userHandle: bytes },
  getClientExtensionResults: () => ({}),
}
