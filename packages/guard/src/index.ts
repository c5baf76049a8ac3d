export { GuardError, type GuardErrorCode } from './error.ts'
export { createGuard, type Guard } from './guard.ts'
export type { GuardLog, GuardOptions, GuardService } from './options.ts'
export type { GuardRequest, Identity } from './request.ts'
export type { GuardPass, GuardRefusal, GuardResult } from './result.ts'
export {
  createSessionIssuer,
  generateSessionKey,
  type SessionClaims,
  type SessionIssuer,
  type SessionIssuerOptions,
} from './session-issuer.ts'
