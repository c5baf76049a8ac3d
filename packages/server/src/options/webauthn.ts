import { z } from 'zod'
import { readPem } from '../certificates/certificate.ts'
import { type OptionsIssue, optionsIssue } from './error.ts'
import { isOrigin } from './origins.ts'
import { HTTPS, httpUrl, insecure } from './transport.ts'

const pem = z.string().refine((text) => readPem(text) !== undefined, 'is not one certificate in PEM')

const metadata = z.strictObject({
  url: httpUrl.optional(),
  path: z.string().min(1).optional(),
  root: pem.optional(),
  refreshSeconds: z.int().min(60).max(2_592_000).default(86_400),
})

const attestation = z.strictObject({
  roots: z.array(pem).min(1).optional(),
  aaguids: z
    .array(z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is not an AAGUID in lower case with hyphens'))
    .min(1)
    .optional(),
  metadata: metadata.optional(),
})

/** Passkeys and security keys: who they are for, where they may be used, and which makers are trusted. */
export const webauthnSection = z.strictObject({
  rpId: z.string().regex(/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'must be a domain in lower case, without scheme, port or path'),
  rpName: z.string().min(1).max(64),
  origins: z.array(z.string()).min(1),
  relatedOrigins: z.array(z.string()).min(1).optional(),
  attestation: attestation.optional(),
})

type WebAuthnOptions = z.output<typeof webauthnSection>

/** Whether the host of an origin is a domain or one below it. */
export function isWithin(origin: string, domain: string): boolean {
  const host = new URL(origin).hostname
  return host === domain || host.endsWith(`.${domain}`)
}

/** Origins of other domains are related ones; those of the own domain belong to `origins`. */
export function relatedOriginIssues({ rpId, relatedOrigins = [] }: WebAuthnOptions): OptionsIssue[] {
  return relatedOrigins.flatMap((origin, index) =>
    isOrigin(origin) && isWithin(origin, rpId)
      ? [
          optionsIssue(`webauthn.relatedOrigins[${index}]`, `belongs to the rpId "${rpId}" already`, {
            fix: 'List it in webauthn.origins.',
          }),
        ]
      : [],
  )
}

/** A trust that could never let anything through is a mistake, and would only be found where a user is refused. */
export function attestationIssues({ attestation: trust }: WebAuthnOptions, live: boolean): OptionsIssue[] {
  if (trust === undefined) return []
  const { roots, aaguids, metadata: source } = trust
  const found: OptionsIssue[] = []
  if (roots === undefined && source === undefined)
    found.push(optionsIssue('webauthn.attestation', 'has neither roots nor metadata, so that no key is ever trusted'))
  if (roots !== undefined && aaguids === undefined && source === undefined)
    found.push(optionsIssue('webauthn.attestation.aaguids', 'are missing, so that no model is ever allowed'))
  for (const [index, aaguid] of (aaguids ?? []).entries())
    if (/^[0-]+$/.test(aaguid))
      found.push(optionsIssue(`webauthn.attestation.aaguids[${index}]`, 'is the AAGUID of keys that name no model'))
  if (source !== undefined && (source.url === undefined) === (source.path === undefined))
    found.push(optionsIssue('webauthn.attestation.metadata', 'must have either a url or a path'))
  if (source?.url !== undefined && insecure(source.url, live))
    found.push(optionsIssue('webauthn.attestation.metadata.url', 'is not https', HTTPS))
  return found
}
