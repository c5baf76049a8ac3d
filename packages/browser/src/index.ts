export { createStile } from './client.ts'
export type { StileCode } from './error.ts'
export { StepUpCancelled, StepUpFailed, StepUpRequired, StileError } from './error.ts'
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
