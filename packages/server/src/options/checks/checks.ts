import { type OptionsIssue, optionsIssue } from '../error.ts'
import { isOrigin, isOriginPattern, isWildcard, matchesOrigin } from '../origins.ts'
import type { Sections } from '../schema.ts'
import { HTTPS, insecure } from '../transport.ts'
import { attestationIssues, isWithin, relatedOriginIssues } from '../webauthn.ts'
import { relogins } from './relogin.ts'

/** What options must fulfil together. Each check runs on the sections that could be read, so that all faults are told at once. */
export function crossChecks(options: Partial<Sections>): OptionsIssue[] {
  const live = options.environment !== 'test'
  return [
    ...publicUrl(options, live),
    ...issuers(options, live),
    ...relogins(options, live),
    ...clients(options, live),
    ...audiences(options),
    ...webauthn(options, live),
    ...session(options),
    ...mail(options),
    ...recovery(options, live),
  ]
}

function publicUrl({ publicUrl: text }: Partial<Sections>, live: boolean): OptionsIssue[] {
  if (text === undefined) return []
  const url = new URL(text)
  const found: OptionsIssue[] = []
  if (url.search !== '' || url.hash !== '' || text.includes('?') || text.includes('#'))
    found.push(optionsIssue('publicUrl', 'has a query or a fragment'))
  else if (url.username !== '' || url.password !== '') found.push(optionsIssue('publicUrl', 'holds a user name or password'))
  else if (text.endsWith('/')) found.push(optionsIssue('publicUrl', 'ends with a slash', { fix: 'Leave the last slash out.' }))
  else if (url.href.replace(/\/$/, '') !== text)
    found.push(optionsIssue('publicUrl', 'is not in its normal form', { fix: `Write it as ${url.href.replace(/\/$/, '')}` }))
  if (insecure(text, live)) found.push(optionsIssue('publicUrl', 'is not https', HTTPS))
  return found
}

function issuers({ issuers: list, publicUrl }: Partial<Sections>, live: boolean): OptionsIssue[] {
  if (list === undefined) return []
  const found = repeated(list, 'issuers')
  for (const [index, { issuer, jwks }] of list.entries()) {
    if (issuer === publicUrl || (publicUrl !== undefined && issuer.replace(/\/$/, '') === publicUrl))
      found.push(
        optionsIssue(`issuers[${index}].issuer`, 'is Stile itself', {
          why: 'Assurance tokens would open sessions, so that what was proven once would prove itself for ever.',
          fix: 'List the primary login here, not the publicUrl of this service.',
        }),
      )
    if (typeof jwks === 'string' && insecure(jwks, live)) found.push(optionsIssue(`issuers[${index}].jwks`, 'is not https', HTTPS))
  }
  // names that only one issuer gives are its own whatever they are
  const naming = list.filter(({ claims }) => claims.account !== undefined)
  for (const each of naming)
    if (each.accounts === undefined && naming.length > 1)
      found.push(optionsIssue(`issuers[${list.indexOf(each)}].accounts`, 'is missing, and several issuers name accounts (claims.account)'))
  const seen = new Set<string>()
  for (const [index, { issuer }] of list.entries()) {
    if (seen.has(issuer))
      found.push(
        optionsIssue(`issuers[${index}].issuer`, 'is listed twice', {
          why: 'One token would be two subjects.',
          fix: 'List every issuer once.',
        }),
      )
    seen.add(issuer)
  }
  return found
}

function clients({ clients: list }: Partial<Sections>, live: boolean): OptionsIssue[] {
  if (list === undefined) return []
  return [
    ...repeated(list, 'clients'),
    ...list.flatMap(({ origins }, index) => originsOf(origins, `clients[${index}].origins`, live, true)),
  ]
}

function audiences({ audiences: list, issuers: knownIssuers, clients: knownClients }: Partial<Sections>): OptionsIssue[] {
  if (list === undefined) return []
  const found = repeated(list, 'audiences')
  const check = (names: readonly string[], known: readonly { id: string }[] | undefined, path: string, kind: string): void => {
    if (known === undefined) return
    for (const [index, name] of names.entries()) {
      if (!known.some(({ id }) => id === name))
        found.push(
          optionsIssue(`${path}[${index}]`, `names the ${kind} "${name}", which does not exist`, {
            fix: `Use one of: ${known.map(({ id }) => id).join(', ')}.`,
          }),
        )
    }
  }
  for (const [index, audience] of list.entries()) {
    check(audience.issuers, knownIssuers, `audiences[${index}].issuers`, 'issuer')
    check(audience.clients, knownClients, `audiences[${index}].clients`, 'client')
  }
  return found
}

function webauthn({ webauthn: settings }: Partial<Sections>, live: boolean): OptionsIssue[] {
  if (settings === undefined) return []
  const { rpId, origins } = settings
  const found = originsOf(origins, 'webauthn.origins', live, false)
  found.push(...originsOf(settings.relatedOrigins ?? [], 'webauthn.relatedOrigins', live, false), ...relatedOriginIssues(settings))
  found.push(...attestationIssues(settings, live))
  if (/^[\d.]+$/.test(rpId)) found.push(optionsIssue('webauthn.rpId', 'is an IP address'))
  for (const [index, origin] of origins.entries()) {
    if (!isOrigin(origin) || isWithin(origin, rpId)) continue
    const { hostname } = new URL(origin)
    found.push(
      optionsIssue(`webauthn.origins[${index}]`, `has the host "${hostname}", which does not end with the rpId "${rpId}"`, hostHint),
    )
  }
  return found
}

const hostHint = {
  why: 'Browsers refuse a passkey whose rpId is not the page’s host or a parent domain of it.',
  fix: 'Set webauthn.rpId to the domain that all your origins end with, or list those of other domains in webauthn.relatedOrigins.',
}

function session({ session: settings }: Partial<Sections>): OptionsIssue[] {
  return settings !== undefined && settings.idleSeconds > settings.absoluteSeconds
    ? [optionsIssue('session.idleSeconds', 'is longer than absoluteSeconds')]
    : []
}

function mail({ mail: settings, deliver }: Partial<Sections>): OptionsIssue[] {
  if (settings === undefined) return []
  const { url, transport } = settings
  const server = url !== undefined || transport !== undefined
  if (deliver !== undefined && server)
    return [
      optionsIssue('deliver', 'is given beside a mail server', {
        why: 'Only one of them can send.',
        fix: 'Leave out mail.url and mail.transport, or deliver.',
      }),
    ]
  return deliver === undefined && !server ? [optionsIssue('mail.url', 'is missing, and so is transport')] : []
}

function recovery({ recovery: settings, clients: known }: Partial<Sections>, live: boolean): OptionsIssue[] {
  if (settings?.url === undefined) return []
  const { origin, hash } = new URL(settings.url)
  const found: OptionsIssue[] = []
  if (hash !== '' || settings.url.includes('#'))
    found.push(optionsIssue('recovery.url', 'has a fragment', { why: 'The link is in it.', fix: 'Leave out what follows the "#".' }))
  if (insecure(settings.url, live)) found.push(optionsIssue('recovery.url', 'is not https', HTTPS))
  if (known !== undefined && !known.some(({ origins }) => origins.some((each) => matchesOrigin(each, origin))))
    found.push(
      optionsIssue('recovery.url', 'is on an origin of no client', {
        why: 'The page of another origin could not use the link, only read it.',
        fix: 'Give a page of the product, or add its origin to a client.',
      }),
    )
  return found
}

function originsOf(origins: readonly string[], path: string, live: boolean, wildcards: boolean): OptionsIssue[] {
  return origins.flatMap((origin, index) => {
    const at = `${path}[${index}]`
    if (isWildcard(origin)) {
      if (!wildcards) return [optionsIssue(at, 'is a wildcard', { fix: 'List every origin.' })]
      if (!isOriginPattern(origin)) return [optionsIssue(at, 'is not a pattern', { fix: "Write '*' or 'https://*.example.com'." })]
      return live ? [optionsIssue(at, 'is a wildcard', { fix: "List every origin; wildcards are only for environment 'test'." })] : []
    }
    if (!isOrigin(origin)) return [optionsIssue(at, 'is not an origin', { fix: originFix(origin) })]
    return insecure(origin, live) ? [optionsIssue(at, 'is not https', HTTPS)] : []
  })
}

function originFix(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url && /^https?:$/.test(url.protocol) ? `Write ${url.origin}` : "Write scheme and host, such as 'https://app.example.com'."
}

function repeated(list: readonly { id: string }[], path: string): OptionsIssue[] {
  return list.flatMap(({ id }, index) =>
    list.findIndex((other) => other.id === id) < index
      ? [optionsIssue(`${path}[${index}].id`, 'is used twice', { why: 'Ids name one thing.', fix: 'Give each its own id.' })]
      : [],
  )
}
