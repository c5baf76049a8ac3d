export type { StileCode } from './base.ts'
export { StepUpCancelled, StepUpFailed, StepUpRequired, StileError } from './base.ts'
export { createStile } from './client.ts'
export type {
  ClientState,
  FeatureOf,
  Flow,
  FlowError,
  FlowState,
  PolicyShape,
  StepUpOptions,
  Stile,
  StileOptions,
  StileRequestInit,
} from './stile.ts'
