/** The half of the library that enrols: a file of its own, so that a bundler can leave the rest out. */
export { startRegistration, WebAuthnAbortService } from '@simplewebauthn/browser'
