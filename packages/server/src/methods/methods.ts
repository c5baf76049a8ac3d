import { METHODS, type Method } from '@stile/protocol'
import type { Options } from '../options/options.ts'
import { emailOtp } from './email-otp/method.ts'
import type { AuthenticationMethod } from './method.ts'
import { relogin } from './relogin/method.ts'
import { totp } from './totp/method.ts'
import { passkey, securityKey } from './webauthn/method.ts'

/** Every method that is built, the best first: the one list that all others come from. */
const ALL: readonly AuthenticationMethod[] = [securityKey, passkey, totp, emailOtp, relogin].sort(
  (a, b) => METHODS.indexOf(a.name) - METHODS.indexOf(b.name),
)

/** The methods that a service can verify, the best first. */
export function servedMethods(options: Options): readonly AuthenticationMethod[] {
  return ALL.filter((method) => method.isServed(options))
}

/** The names of the methods that a service can enrol, the best first. */
export function enrollableMethods(options: Options): readonly Method[] {
  return servedMethods(options).flatMap(({ isEnrollable, name }) => (isEnrollable ? [name] : []))
}
