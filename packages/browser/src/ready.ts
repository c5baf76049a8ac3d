// What a page loads once its state is `ready`: the stream of changes and, so that a click on a gate waits for no script and a network that
// is lost meanwhile does not keep the prompt away, the step-up with its ceremony. In several files it would be a tenth larger.
export { register } from './passkey/register.ts'
export { follow } from './state/follow.ts'
export { createStepUpRunner } from './step-ups/step-up-runner.ts'
