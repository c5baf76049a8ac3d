import { z } from 'zod'
import { nameAddress } from '../addresses/mailbox.ts'
import { readBody } from '../input/body.ts'
import { namedSubject } from '../input/name.ts'
import { normalizeAddress } from '../messages/address.ts'
import type { FactsDomain } from '../options/domain.ts'

/** What an administrator is told: the address as it is kept, and when it takes the place of the former one. */
export type SetAddress = Readonly<{ subject: string; address: string; settlesAt?: number }>

const BODY = z.object({
  address: z.unknown().transform((value, context): string => {
    const address = normalizeAddress(value)
    if (address !== undefined) return address
    context.addIssue({ code: 'custom', message: 'must be one plain address, such as ada@example.com, without a name, quotes or comments' })
    return z.NEVER
  }),
})

/**
 * Sets the address of a subject; body `{ address }`. It is pinned at once if there is none; otherwise the former one is told, and stays
 * for 72 hours, in which no codes are sent. Setting the former one again calls that off.
 *
 * @throws {StileError} `invalid_request`
 */
export async function setAddress(domain: FactsDomain, subject: string, body: unknown): Promise<SetAddress> {
  const { address } = readBody(BODY, body)
  namedSubject(domain, subject)
  const { suspendedUntil } = await nameAddress(domain, { subject, address, by: 'admin' })
  return { subject, address, ...(suspendedUntil !== undefined && { settlesAt: suspendedUntil }) }
}
