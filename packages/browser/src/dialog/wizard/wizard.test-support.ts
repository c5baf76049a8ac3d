import { json, NOW } from '../../wire.test-support.ts'
import { dialog, input, labelled } from '../page.test-support.ts'

/** What the service is asked in the course of enrolment and recovery. */
export const STATUS = 'GET /v1/recovery'
export const REDEEM = 'POST /v1/recovery'
export const MAKE = 'POST /v1/recovery/codes'
export const REGISTER = 'POST /v1/authenticators/registrations'
export const FINISH = `${REGISTER}/reg_1`

export const CODES: readonly string[] = Array.from({ length: 10 }, (_, index) => `000${index}-1111-2222-3333`)
export const TOTP = { id: 'reg_1', expiresAt: NOW + 300, method: 'totp', start: { secret: 'ABCD', uri: 'otpauth://totp/x?secret=ABCD' } }
const APP = {
  id: 'auth_1',
  method: 'totp',
  level: 'mfa',
  name: 'Authenticator app',
  createdAt: NOW,
  boundBy: { method: 'login', level: 'session' },
}
/** A service with no recovery codes, which makes some. */
export const none = { [STATUS]: () => json({ codesLeft: 0 }), [MAKE]: () => json({ codes: CODES }, 201) }
/** A service that enrols an authenticator app. */
export const enrols = { [REGISTER]: () => json(TOTP, 201), [FINISH]: () => json(APP, 201) }

export const title = (): string | null | undefined => labelled('aria-labelledby')
export const submit = (): void => dialog().querySelector('form')?.requestSubmit()
/** Types it into the field of the view, and sends it. */
export function typeIn(text: string): void {
  input().value = text
  submit()
}
