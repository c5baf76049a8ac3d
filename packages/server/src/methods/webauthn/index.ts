export { webauthnAmr } from '../../attestation/amr.ts'
export { creationOptions } from './options.ts'
export { verifyRegistration } from './registration.ts'
export { CHALLENGE_BYTES, ENROLMENT_VERIFICATION } from './relying-party.ts'
