export { listAuthenticators, removeAuthenticator, removeForAdmin, renameAuthenticator } from './authenticators.ts'
export { finishRegistration } from './finish-registration.ts'
export { startRegistration } from './start-registration.ts'
