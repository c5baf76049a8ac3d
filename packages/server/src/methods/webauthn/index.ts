export { webauthnAmr } from '../../attestation/amr.ts'
export { loadCeremonies } from './load.ts'
export { CHALLENGE_BYTES, ENROLMENT_VERIFICATION } from './relying-party.ts'
