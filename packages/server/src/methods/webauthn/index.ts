export { PASSKEY_AMR, verifyAuthentication } from './authentication.ts'
export { creationOptions, requestOptions } from './options.ts'
export { verifyRegistration } from './registration.ts'
export { CHALLENGE_BYTES } from './relying-party.ts'
