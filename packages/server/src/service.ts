import { type Router as ExpressRouter, Router } from 'express'
import { openAttestationTrust } from './attestation/trust.ts'
import { createChangeStream } from './changes/stream.ts'
import { StileError } from './error.ts'
import type { HttpContext, Running } from './http/context.ts'
import { describeFault } from './http/log.ts'
import { addAdminRoutes } from './http/routes/admin-routes.ts'
import { addAdminSessionRoutes } from './http/routes/admin-sessions.ts'
import { addBackChannelRoutes } from './http/routes/back-channel-routes.ts'
import { addFallback } from './http/routes/fallback.ts'
import { addGuardRoutes } from './http/routes/guard-routes.ts'
import { addPublicRoutes } from './http/routes/public-routes.ts'
import { addSubjectRoutes } from './http/routes/subject-routes.ts'
import { watchStore } from './http/store-faults.ts'
import { createLoginProviders } from './login-providers/provider.ts'
import { createMail } from './mail/mail.ts'
import { type NoticeSchedule, scheduleNotices } from './mail/notice-schedule.ts'
import { loadCeremonies } from './methods/webauthn/index.ts'
import type { PublishedPolicy } from './options/domain.ts'
import { createInTurn } from './options/in-turn.ts'
import { type Options, parseOptions, type ServiceOptions } from './options/options.ts'
import { pinRpId } from './options/pin.ts'
import { warnOfUnlistedOrigins } from './options/unlisted-origins.ts'
import { openSecrets } from './secrets/open-secrets.ts'
import { createCallerReader } from './sessions/authenticate.ts'
import type { Store } from './stores/store.ts'
import type { Domain } from './tokens/domain.ts'
import { createKeyring } from './tokens/keyring.ts'

/** How often expired records are swept and signing keys looked at, in milliseconds. */
const UPKEEP_MILLISECONDS = 60_000

/** How long after the start the ceremonies are loaded, in milliseconds: the host listens by then, and its first probe is answered. */
const LOAD_AFTER_MILLISECONDS = 100

const SECRET_NOT_GIVEN =
  'the store is sealed with a secret now that this process was not given, so it seals nothing and is not ready: start it with that secret'

/** The verification service, to be mounted in an Express app at any path. */
export type Service = Readonly<{
  /** Everything that browsers and guards call. */
  router: ExpressRouter
  /** What the back office calls: for a port of its own that is not reachable from outside. */
  adminRouter: ExpressRouter
  /**
   * Resolves when keys and policy are loaded; rejects, with what to do about it, if the service cannot start. Requests that come
   * before wait for it, and are answered 503 if it rejects.
   */
  ready: Promise<void>
  /** Ends all streams and stops all timers; from here on `readyz` answers 503. The store belongs to the caller and stays open. */
  close(): Promise<void>
}>

/**
 * Creates the service. It sets nothing on the host application, logs only its own requests, and touches no path but its own; every URL it
 * speaks of is relative to `publicUrl`.
 *
 * @throws {OptionsError} with every fault of the options at once
 */
export function createService(input: ServiceOptions): Service {
  const parsed = parseOptions(input)
  const { store, failed } = watchStore(parsed.store)
  const options: Options = { ...parsed, store }
  warnOfUnlistedOrigins(options)
  const listeners = new Set<() => void>()
  let closing = false
  let upkeep: NodeJS.Timeout | undefined
  let loading: NodeJS.Timeout | undefined
  let notices: NoticeSchedule | undefined

  const reportFault = (fault: unknown, message: string): void => options.log.error({ fault: describeFault(fault) }, message)
  const running = start(options, store)
  const ready = running.then(({ domain }) => {
    if (closing) return
    upkeep = setInterval(() => {
      domain.store.sweep(domain.now()).catch((fault) => reportFault(fault, 'expired records could not be swept'))
      domain.keyring.refresh().catch((fault) => reportFault(fault, 'the signing keys could not be refreshed'))
      domain.attestation.refresh().catch((fault) => reportFault(fault, 'the metadata of authenticators could not be refreshed'))
    }, UPKEEP_MILLISECONDS)
    upkeep.unref()
    loading = setTimeout(() => {
      loadCeremonies().catch((fault) => reportFault(fault, 'passkeys and security keys cannot be used: their library could not be loaded'))
    }, LOAD_AFTER_MILLISECONDS)
    loading.unref()
    if (domain.mail !== undefined) notices = scheduleNotices(domain, (fault) => reportFault(fault, 'notices could not be sent'))
  })
  // callers that await it are told; nobody has to
  ready.catch((fault) => reportFault(fault, 'the service could not start'))

  const context: HttpContext = {
    options,
    running: () => running.catch(couldNotStart),
    storeFailed: failed,
    reportFault,
    closing: () => closing,
    onClose(listener) {
      if (closing) listener()
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  // a path that differs in case or by a slash at its end is another path: device proofs name it exactly
  const router = Router({ caseSensitive: true, strict: true })
  addPublicRoutes(router, context)
  addSubjectRoutes(router, context)
  addGuardRoutes(router, context)
  addBackChannelRoutes(router, context)
  addFallback(router, context)
  const adminRouter = Router({ caseSensitive: true, strict: true })
  addAdminRoutes(adminRouter, context)
  addAdminSessionRoutes(adminRouter, context)
  addFallback(adminRouter, context)

  return {
    router,
    adminRouter,
    ready,
    async close() {
      closing = true
      clearInterval(upkeep)
      clearTimeout(loading)
      for (const listener of [...listeners]) listener()
      await running.then(({ stream, domain }) => Promise.all([stream.close(), domain.mail?.close(), notices?.stop()])).catch(() => {})
    },
  }
}

async function start(options: Options, store: Store): Promise<Running> {
  const { now, random, environment, policy, webauthn, allowRpIdChange } = options
  await store.check()
  await pinRpId(store, webauthn.rpId, allowRpIdChange)
  const { sealer, hashSecret, refresh: refreshSealer } = await openSecrets(store, options)
  const keyring = await createKeyring({ store, sealer, environment, now })
  const { settings } = store
  const attestation = await openAttestationTrust(webauthn, { settings, now, log: options.log, fetch: globalThis.fetch })
  const { revision, digest } = await store.policies.publish({ digest: policy.digest, document: policy.document, now: now() })
  const published: PublishedPolicy = { policy, revision, digest }
  const logins = await createLoginProviders({ issuers: options.issuers, now, fetch: globalThis.fetch, log: options.log })
  const mail = await createMail(options)
  const domain: Domain = {
    // keyed hashes are made with what does not change; the secrets themselves go no further
    options: { ...options, secret: hashSecret, previousSecrets: [] },
    store,
    now,
    random,
    sealer,
    inTurn: createInTurn(),
    keyring,
    attestation,
    logins,
    policy: () => published,
    ...(mail && { mail }),
  }
  const stream = createChangeStream(domain)
  await stream.start()
  const reportFault = (fault: unknown): void => options.log.error({ fault: describeFault(fault) }, 'the keys could not be read again')
  stream.subscribe((changes) => {
    if (!changes.some(({ type }) => type === 'keys')) return
    refreshSealer()
      .then((known) => {
        if (!known) options.log.error({ given: sealer.keyIds }, SECRET_NOT_GIVEN)
        return keyring.refresh()
      })
      .catch(reportFault)
  })
  return { domain, callers: createCallerReader(domain, { fetch: globalThis.fetch }), stream }
}

function couldNotStart(cause: unknown): never {
  throw new StileError('service_unavailable', 'The service could not start; its log says why.', {}, { cause })
}
