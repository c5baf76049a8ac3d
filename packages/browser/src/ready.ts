// What a page loads once its state is `ready`, so that a click on a gate waits for no script and a network that is lost meanwhile does not
// keep the prompt away: the step-up with its ceremony, and what reads challenges. In several files it would be a tenth larger.
export { challengedLevel, findChallenge } from '@stile/protocol/challenge'
export { createStepUpRunner } from './step-ups/step-up-runner.ts'
