export { attempt } from './attempt.ts'
export { startStepUp } from './start.ts'
export { startMethod } from './start-method.ts'
