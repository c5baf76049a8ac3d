// What nearly every file needs. They import it from here, so that bundlers keep it in one file.
export {
  isPassing,
  type PassingCode,
  StepUpCancelled,
  StepUpFailed,
  StepUpRequired,
  type StileCode,
  StileError,
  toStileError,
} from './error.ts'
export { isState } from './is-state.ts'
export { type Observable, observable } from './observable.ts'
