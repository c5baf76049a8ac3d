export { attempt } from './attempt.ts'
export { attemptReopening, startReopening, startReopeningMethod } from './reopening.ts'
export { startStepUp } from './start.ts'
export { startMethod } from './start-method.ts'
