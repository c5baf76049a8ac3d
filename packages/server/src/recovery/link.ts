import { createHash } from 'node:crypto'
import { mailboxIn } from '../addresses/change.ts'
import { newNotice } from '../addresses/notices.ts'
import { StileError } from '../error.ts'
import { maskAddress } from '../messages/address.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { Options } from '../options/options.ts'

/** How long a recovery link is good for, in seconds. */
export const RECOVERY_LINK_SECONDS = 3600
/** The member of the fragment that holds the token: a fragment is sent to no server and stands in no log. */
export const RECOVERY_LINK_PARAMETER = 'stile-recovery'

/** 256 bits. */
const TOKEN_BYTES = 32

/** What making links needs: less than a running service has. */
export type LinkDomain = Pick<FactsDomain, 'now' | 'random' | 'mail'> &
  Readonly<{ store: Pick<FactsDomain['store'], 'addresses' | 'recovery'>; options: Pick<Options, 'recovery' | 'help'> }>

/** A link that was sent, with the address all but its first letter and its domain hidden. */
export type SentLink = Readonly<{ expiresAt: number; sentTo: string }>

/** A link that somebody hands over. */
export type MadeLink = Readonly<{ url: string; expiresAt: number }>

/**
 * Sends a recovery link to the pinned address of a subject, also while that is about to be replaced. A former link is void from then on.
 *
 * @throws {StileError} `method_unavailable` if there is no page, no mail or no address; `mail_unavailable`, and then there is no link
 */
export async function sendRecoveryLink(domain: LinkDomain, subject: string): Promise<SentLink> {
  const { mail, store, now } = domain
  pageOf(domain)
  if (mail === undefined)
    throw cannot(
      'This service has no mail server, so it can send no link. Configure mail, or have the link shown and hand it over yourself.',
    )
  const record = await store.addresses.get(subject)
  if (record === null)
    throw cannot(
      'No mail address of this subject is known, so no link can be sent. Set one, or have the link shown and hand it over yourself.',
    )
  const { address } = mailboxIn(record, now())
  const { url, expiresAt, digest } = await open(domain, subject)
  try {
    await mail.send({ kind: 'recovery', to: address, url, at: now(), expiresAt })
  } catch (error) {
    await store.recovery.closeLink({ subject, digest }).catch(() => undefined)
    throw error
  }
  return { expiresAt, sentTo: maskAddress(address) }
}

/**
 * Makes a recovery link for somebody whom support has verified otherwise; the pinned address is told. A former link is void from then on.
 *
 * @throws {StileError} `method_unavailable` if the service knows no page for it
 */
export async function makeRecoveryLink(domain: LinkDomain, subject: string): Promise<MadeLink> {
  const { url, expiresAt } = await open(domain, subject, true)
  return { url, expiresAt }
}

/** What is kept of the token of a link: 256 random bits need no key. */
export function recoveryLinkDigest(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('base64url')
}

async function open(domain: LinkDomain, subject: string, tell = false): Promise<MadeLink & Readonly<{ digest: string }>> {
  const { store, now, random, mail } = domain
  const page = pageOf(domain)
  const token = Buffer.from(random(TOKEN_BYTES)).toString('base64url')
  const digest = recoveryLinkDigest(token)
  const expiresAt = now() + RECOVERY_LINK_SECONDS
  const record = tell && mail !== undefined ? await store.addresses.get(subject) : null
  const to = record === null ? [] : [mailboxIn(record, now()).address]
  const notices = to.map((address) => newNotice(domain, { subject, to: address, kind: 'recovery_link_requested', data: {} }))
  await store.recovery.openLink({ subject, digest, expiresAt, notices })
  return { url: `${page}#${RECOVERY_LINK_PARAMETER}=${token}`, expiresAt, digest }
}

function pageOf({ options }: Pick<LinkDomain, 'options'>): string {
  const { url } = options.recovery
  if (url !== undefined) return url
  throw cannot('No page for recovery is configured, so there is nothing to link to. Set recovery.url to a page of the product.')
}

function cannot(detail: string): StileError {
  return new StileError('method_unavailable', detail)
}
