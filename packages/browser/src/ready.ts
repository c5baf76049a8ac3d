// What a page loads once its state is `ready`, so that a click on a gate waits for no script and a network that is lost meanwhile does not
// keep the prompt away: the step-up, what loads the rest of its first prompt, and what reads challenges.
export { findChallenge } from '@stile/protocol/challenge'
export { cure } from './cure.ts'
export { errorOf, unreadable } from './service/answers.ts'
export { preload } from './step-ups/preload.ts'
export { createStepUpRunner } from './step-ups/step-up-runner.ts'
