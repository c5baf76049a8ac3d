import { z } from 'zod'

/** The longest name of an authenticator, in UTF-16 code units. */
export const LONGEST_NAME = 64

/** A name that an authenticator may have: trimmed, 1 to 64 characters, well-formed, nothing that hides or turns around text. */
const NAME = z
  .string()
  .max(1024)
  .transform((text) => text.trim())
  .refine((name) => name.length >= 1 && name.length <= LONGEST_NAME, `must have 1 to ${LONGEST_NAME} characters`)
  .refine((name) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(name), {
    message: 'must not have control characters',
  })

/** The body of `POST /v1/authenticators/registrations`. */
export const START_REGISTRATION_BODY = z.object({
  method: z.enum(['passkey', 'security-key', 'totp'], 'must be "passkey", "security-key" or "totp"'),
})

/** The body of `POST /v1/authenticators/registrations/{id}`; what `response` must be is up to the method. */
export const FINISH_REGISTRATION_BODY = z.object({ response: z.unknown(), name: NAME.optional() })

/** The body of `PATCH /v1/authenticators/{id}`. */
export const RENAME_BODY = z.object({ name: NAME })
