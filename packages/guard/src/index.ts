export { createGuard, type Guard } from './guard.ts'
export { GuardError, type GuardErrorCode } from './options/error.ts'
export type { GuardMemory } from './options/memory.ts'
export type { GuardLog, GuardOptions, GuardService } from './options/options.ts'
export type { Identity } from './requests/identity.ts'
export type { GuardRequest } from './requests/request.ts'
export type { GuardPass, GuardRefusal, GuardResult } from './results/result.ts'
export type { GuardStats, MemoryStats } from './results/stats.ts'
export {
  createSessionIssuer,
  generateSessionKey,
  type SessionClaims,
  type SessionIssuer,
  type SessionIssuerOptions,
} from './session-issuer.ts'
