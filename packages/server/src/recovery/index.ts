export { makeRecoveryLink, sendRecoveryLink } from './link.ts'
export { makeRecoveryCodes } from './make-codes.ts'
export { redeemRecovery } from './redeem.ts'
export { recoveryOf, recoveryWith } from './status.ts'
