import { z } from 'zod'
import { readBody } from '../input/body.ts'
import { namedSubject } from '../input/name.ts'
import type { FactsDomain } from '../options/domain.ts'
import { makeRecoveryLink, sendRecoveryLink } from '../recovery/index.ts'
import type { MadeLink, SentLink } from '../recovery/link.ts'

/** The body of `POST /v1/admin/subjects/{subject}/recovery`. */
const BODY = z.object({ deliver: z.boolean().default(true) })

/**
 * Lets a subject recover; body `{ deliver? }`. The link goes to the pinned address, or with `deliver: false` to the administrator, who has
 * verified the person themselves.
 *
 * @throws {StileError} `invalid_request`, `method_unavailable`, `mail_unavailable`
 */
export async function recoverSubject(domain: FactsDomain, text: string, body: unknown): Promise<SentLink | MadeLink> {
  const { deliver } = readBody(BODY, body)
  const subject = namedSubject(domain, text)
  return deliver ? sendRecoveryLink(domain, subject) : makeRecoveryLink(domain, subject)
}
