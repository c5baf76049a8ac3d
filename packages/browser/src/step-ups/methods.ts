import type { Method, StepUp, StepUpMethod } from '@stile/protocol'

/** A step-up that waits for a proof. */
export type OpenStepUp = Extract<StepUp, { status: 'open' }>

/** How the subject answers a method: with a passkey ceremony, a code that is typed, or a sign-in. Recovery codes answer no step-up. */
export type MethodKind = 'ceremony' | 'code' | 'sign-in' | 'none'

/** The kind of every method. A method that this version does not know has none. */
export const KINDS: Readonly<Record<Method, MethodKind>> = {
  passkey: 'ceremony',
  'security-key': 'ceremony',
  totp: 'code',
  'email-otp': 'code',
  relogin: 'sign-in',
  'recovery-code': 'none',
}

/** Finds a method of a step-up, with its `start` if it was started. */
export function methodOf(stepUp: OpenStepUp, method: Method): StepUpMethod | undefined {
  return stepUp.methods.find((each) => each.method === method)
}

/** Whether the service has a login provider to ask. Otherwise `relogin` is the application's own sign-in. */
export function isAtLoginProvider(method: StepUpMethod | undefined): boolean {
  return method?.method === 'relogin' && !!method.hint
}

/**
 * The methods of a step-up that this browser can offer, best first.
 *
 * @param hasRelogin  whether the application lends a sign-in of its own
 */
export function usableMethods(stepUp: OpenStepUp, hasRelogin: boolean): readonly Method[] {
  const isUsable = (each: StepUpMethod): boolean => {
    switch (KINDS[each.method]) {
      case 'ceremony':
        return !!globalThis.PublicKeyCredential
      case 'code':
        return true
      case 'sign-in':
        // the token of a sign-in at the provider is fetched by its feature: it is bound to no operation
        return isAtLoginProvider(each) ? !stepUp.operation : hasRelogin
      default:
        return false
    }
  }
  return stepUp.methods.filter(isUsable).map(({ method }) => method)
}
