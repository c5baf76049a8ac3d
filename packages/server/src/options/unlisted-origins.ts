import type { Options } from './options.ts'
import { matchesOrigin } from './origins.ts'

/** The origins of `webauthn.origins` and `relatedOrigins` that belong to no client: their pages may not call the service at all. */
export function unlistedOrigins({ webauthn, clients }: Pick<Options, 'webauthn' | 'clients'>): readonly string[] {
  const listed = (origin: string) => clients.some(({ origins }) => origins.some((each) => matchesOrigin(each, origin)))
  return [...webauthn.origins, ...(webauthn.relatedOrigins ?? [])].filter((origin) => !listed(origin))
}

/** Tells the operator of {@link unlistedOrigins}, and what follows. */
export function warnOfUnlistedOrigins(options: Pick<Options, 'webauthn' | 'clients' | 'log'>): void {
  const origins = unlistedOrigins(options)
  if (origins.length === 0) return
  const allowedOrigins = options.clients.flatMap((each) => each.origins)
  options.log.warn(
    { origins, allowedOrigins },
    'webauthn names origins that no client lists, so pages there are refused with origin_not_allowed: add them to clients[].origins, or remove them from webauthn',
  )
}
