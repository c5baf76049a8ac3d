import { StepUpCancelled, StepUpRequired, StileError } from '@stile/browser'

/** What a person reads when a step-up or a call to the service fails; told apart by code, never by message. */
export function sentenceFor(reason: unknown, lost = 'Nothing has changed.'): string {
  if (reason instanceof StepUpCancelled) return `Not confirmed. ${lost}`
  if (reason instanceof StepUpRequired) return `This needs a fresh proof. Use the button, so that you can be asked. ${lost}`
  if (!(reason instanceof StileError)) return `The server cannot be reached right now. ${lost} Try again in a moment.`
  if (reason.code === 'service_unavailable' || reason.code === 'session_unavailable') {
    return `We cannot confirm that it’s you right now, because the verification service does not answer. ${lost} Try again in a moment.`
  }
  if (reason.code === 'enrollment_required') return `First set up a way to confirm it’s you. ${lost}`
  return reason.problem?.detail ?? `That did not work. ${lost}`
}
