export type { StileCode } from './base.ts'
export { StepUpCancelled, StepUpFailed, StepUpRequired, StileError } from './base.ts'
export { createStile } from './client.ts'
export { deviceKey } from './device/device-key.ts'
export type {
  ClientState,
  FeatureOf,
  Flow,
  FlowError,
  FlowState,
  PasswordRequest,
  PolicyShape,
  PrepareMethod,
  Relogin,
  ReloginRequest,
  SessionRequest,
  StepUpHandler,
  StepUpOptions,
  Stile,
  StileOptions,
  StileRequestInit,
} from './stile.ts'
