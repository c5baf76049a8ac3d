// What nearly every file needs. They import it from here, so that bundlers keep it in one file.
export {
  failureKind,
  flowError,
  isPassing,
  StepUpCancelled,
  StepUpFailed,
  StepUpRequired,
  type StileCode,
  StileError,
  toStileError,
} from './error.ts'
export { firstMethods } from './first-methods.ts'
export { isState } from './is-state.ts'
export { type Observable, observable } from './observable.ts'
