/** base64url without padding (RFC 4648 §5). The SDK's own is in a chunk of its entry; a shared one would cost a request more. */
export function base64url(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** The bytes of base64url. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
}

/** The credentials of an option list, their ids as bytes. */
export function credentials(list: PublicKeyCredentialDescriptorJSON[] | undefined): PublicKeyCredentialDescriptor[] | undefined {
  return list?.map((each) => ({ ...each, id: bytes(each.id) }) as PublicKeyCredentialDescriptor)
}

/** What the answers of both ceremonies have in common. */
export function credentialJson(made: PublicKeyCredential, response: object): object {
  return {
    id: made.id,
    rawId: base64url(made.rawId),
    type: made.type,
    authenticatorAttachment: made.authenticatorAttachment,
    clientExtensionResults: made.getClientExtensionResults(),
    response,
  }
}
