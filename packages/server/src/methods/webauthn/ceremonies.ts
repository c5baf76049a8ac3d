// everything that needs the WebAuthn library: see load.ts
export { verifyAuthentication } from './authentication.ts'
export { creationOptions, requestOptions } from './options.ts'
export { verifyRegistration } from './registration.ts'
