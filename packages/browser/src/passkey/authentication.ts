/** The half of the library that signs in: a file of its own, so that a bundler can leave the rest out. */
export { startAuthentication, WebAuthnAbortService } from '@simplewebauthn/browser'
