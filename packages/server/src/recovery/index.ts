export { makeRecoveryLink, sendRecoveryLink } from './link.ts'
export { makeRecoveryCodes } from './make-codes.ts'
export { redeemRecovery } from './redeem.ts'
export { recoveryOf } from './status.ts'
