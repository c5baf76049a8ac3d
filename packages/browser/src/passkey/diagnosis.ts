let told = false

/**
 * Tells the developer on the console, once per page, why passkeys cannot work here: which rpId the service asks for, which page this is,
 * and what to change.
 *
 * @param options  the options of the service, of either ceremony
 */
export function diagnoseOrigin(options: unknown): void {
  if (told) return
  told = true
  const { rpId, rp } = options as { rpId?: string; rp?: { id?: string } }
  const asked = rpId ?? rp?.id ?? location.hostname
  const { origin } = location
  console.error(
    `Stile: passkeys cannot be used on this page. The service asks for passkeys of the rpId "${asked}"; the origin of this page is "${origin}". ` +
      'The host of the page must be the rpId or a subdomain of it, over HTTPS (for development: localhost, never an IP address). ' +
      `To fix it, set webauthn.rpId in the options of the service to the domain that your pages share, and list "${origin}" in ` +
      'webauthn.origins; list pages of other domains in webauthn.relatedOrigins. Enrolled passkeys belong to their rpId: ' +
      'once there are any, change the page or the origins, not the rpId.',
  )
}
