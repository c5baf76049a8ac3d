/**
 * Starts a ceremony of the library, and gives it a credential that it can read. Some password managers hand over one that lacks what
 * browsers add, or throws if asked for it, although the service needs none of it.
 *
 * The library asks the browser before it first waits, so the browser's function is another for just that moment, and nobody else meets it.
 * On a page that allows no other, the library gets the credential as it is.
 *
 * @param name  the function of `navigator.credentials` that the library calls
 */
export function mendCredential<T>(name: 'get' | 'create', start: () => Promise<T>): Promise<T> {
  const { credentials } = navigator
  const own = Object.getOwnPropertyDescriptor(credentials, name)
  const ask: (options: object) => Promise<Credential | null> = credentials[name].bind(credentials)
  const value = async (options: object) => mended((await ask(options)) as PublicKeyCredential | null)
  if (!Reflect.defineProperty(credentials, name, { value, configurable: true })) return start()
  try {
    return start()
  } finally {
    if (own) Object.defineProperty(credentials, name, own)
    else Reflect.deleteProperty(credentials, name)
  }
}

function mended(credential: PublicKeyCredential | null): PublicKeyCredential | null {
  if (!credential) return null
  const transports = transportsOf(credential)
  Reflect.defineProperty(credential, 'getClientExtensionResults', { value: () => ({}) })
  Reflect.defineProperty(credential.response, 'getTransports', { value: () => transports })
  return credential
}

/** How the authenticator is reached, if the browser or the password manager that made the credential tells it. */
function transportsOf({ response }: PublicKeyCredential): string[] {
  try {
    return (response as AuthenticatorAttestationResponse).getTransports()
  } catch {
    return []
  }
}
