import { LEVELS, type Level, satisfies } from '@stile/protocol'
import { type OptionsIssue, optionsIssue } from '../error.ts'
import { matchesOrigin } from '../origins.ts'
import type { Sections } from '../schema.ts'
import { HTTPS, insecure } from '../transport.ts'

type Issuer = Sections['issuers'][number]

/** What `issuers[].relogin` and `issuers[].stepUp` must fulfil together with the rest. */
export function relogins({ issuers, clients }: Partial<Sections>, live: boolean): OptionsIssue[] {
  return (issuers ?? []).flatMap((issuer, index) => [
    ...providerOf(issuer, `issuers[${index}].relogin`, live),
    ...pagesOf(issuer, `issuers[${index}].relogin.redirectUris`, clients, live),
    ...stepUpsOf(issuer, `issuers[${index}].stepUp`),
  ])
}

function providerOf({ issuer, relogin }: Issuer, path: string, live: boolean): OptionsIssue[] {
  if (relogin === undefined) return []
  const found: OptionsIssue[] = []
  const provider = relogin.issuer ?? issuer
  if (!URL.canParse(provider) || !/^https?:$/.test(new URL(provider).protocol))
    found.push(optionsIssue(`${path}.issuer`, 'is missing, and the issuer of the session tokens is not a URL'))
  else if (insecure(provider, live)) found.push(optionsIssue(`${path}.issuer`, 'is not https', HTTPS))
  else if (/[?#]/.test(provider)) found.push(optionsIssue(`${path}.issuer`, 'has a query or a fragment'))
  if (relogin.clientAuthentication !== undefined && relogin.clientSecret === undefined)
    found.push(optionsIssue(`${path}.clientSecret`, 'is missing, and clientAuthentication asks for it'))
  return found
}

function pagesOf({ relogin }: Issuer, path: string, clients: Partial<Sections>['clients'], live: boolean): OptionsIssue[] {
  return (relogin?.redirectUris ?? []).flatMap((page, index) => {
    const at = `${path}[${index}]`
    const { origin, hash } = new URL(page)
    const found: OptionsIssue[] = []
    if (insecure(page, live)) found.push(optionsIssue(at, 'is not https', HTTPS))
    if (hash !== '' || page.includes('#')) found.push(optionsIssue(at, 'has a fragment', { fix: 'Leave out what stands behind the #.' }))
    if (clients !== undefined && !clients.some(({ origins }) => origins.some((each) => matchesOrigin(each, origin))))
      found.push(
        optionsIssue(at, `has the origin ${origin}, which belongs to no client`, {
          why: 'The page hands on what the login provider said, and only origins of clients may call the service.',
          fix: 'Give a page of an origin of a client, or add the origin to a client.',
        }),
      )
    return found
  })
}

function stepUpsOf({ relogin, stepUp, acrMap }: Issuer, path: string): OptionsIssue[] {
  const found: OptionsIssue[] = []
  const entries = LEVELS.flatMap((level) => {
    const entry = level === 'session' ? undefined : stepUp[level]
    return entry === undefined ? [] : [{ level, acrs: entry.acr_values.split(' ') }]
  })
  if (entries.length > 0 && relogin === undefined)
    found.push(optionsIssue(path, 'is there without relogin', { fix: 'Give relogin too, or leave stepUp out.' }))
  for (const { level, acrs } of entries) {
    for (const acr of acrs) {
      const mapped = Object.hasOwn(acrMap, acr) ? (acrMap as Readonly<Record<string, Level>>)[acr] : undefined
      if (mapped !== undefined && satisfies(mapped, level)) continue
      found.push(
        optionsIssue(
          `${path}.${level}.acr_values`,
          `has "${acr}", which acrMap ${mapped === undefined ? 'does not know' : `counts as ${mapped}`}`,
          {
            why: 'What the login provider answers counts as acrMap says, so users would sign in again and still be refused.',
            fix: `Add { '${acr}': '${level}' } to acrMap, if the provider really does what ${level} stands for.`,
          },
        ),
      )
    }
  }
  return found
}
