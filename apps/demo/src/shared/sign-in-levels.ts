/** How the identity provider says that only a password was given (`acr`). */
export const PASSWORD_ACR = 'urn:quarterly:acr:password'

/** How it says that the phone was asked as well: the service counts it as `mfa`. */
export const MFA_ACR = 'urn:quarterly:acr:mfa'
