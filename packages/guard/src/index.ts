export { createGuard, type Guard } from './guard.ts'
export { GuardError, type GuardErrorCode } from './options/error.ts'
export type { GuardLog, GuardOptions, GuardService } from './options/options.ts'
export type { Identity } from './requests/identity.ts'
export type { GuardRequest } from './requests/request.ts'
export type { GuardPass, GuardRefusal, GuardResult } from './results/result.ts'
export {
  createSessionIssuer,
  generateSessionKey,
  type SessionClaims,
  type SessionIssuer,
  type SessionIssuerOptions,
} from './session-issuer.ts'
