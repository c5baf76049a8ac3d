import { METHODS, type Method } from '@stile/protocol'
import type { Options } from '../options/options.ts'
import { emailOtpRoom } from './email-otp/method.ts'
import type { MethodRoom } from './method.ts'
import { reloginRoom } from './relogin/method.ts'
import { totpRoom } from './totp/method.ts'
import { passkeyRoom, securityKeyRoom } from './webauthn/method.ts'

/** Every method that is built, the best first: the one list that all others come from. */
const ROOMS: readonly MethodRoom[] = [securityKeyRoom, passkeyRoom, totpRoom, emailOtpRoom, reloginRoom].sort(
  (a, b) => METHODS.indexOf(a.method) - METHODS.indexOf(b.method),
)

/** The rooms of the methods that a service can verify, the best first. */
export function servedRooms(options: Options): readonly MethodRoom[] {
  return ROOMS.filter((room) => room.isServed(options))
}

/** The methods that a service can enrol, the best first. */
export function enrollableMethods(options: Options): readonly Method[] {
  return servedRooms(options).flatMap(({ isEnrollable, method }) => (isEnrollable ? [method] : []))
}
