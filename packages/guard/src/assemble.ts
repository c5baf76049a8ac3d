import { CLOCK_SKEW_SECONDS } from '@stile/protocol'
import { type DpopNonces, NONCE_LIFETIME_SECONDS } from '@stile/protocol/node'
import { type Authorizer, createAuthorizer } from './authorize.ts'
import { createNonces } from './device-proof/nonces.ts'
import { createReplayMemory, proofsIn } from './device-proof/replay.ts'
import { reportMismatches } from './device-proof/report-mismatches.ts'
import { createRequestProofVerifier, PROOF_WINDOW_SECONDS } from './device-proof/request-proof.ts'
import { createCheckpointVerifier } from './feed/checkpoint.ts'
import { type FeedListener, openFeed } from './feed/feed.ts'
import { createLicenses } from './licenses/licenses.ts'
import type { Settings } from './options/options.ts'
import type { GuardStats } from './results/stats.ts'
import { createContact } from './service/contact.ts'
import { createJwks } from './service/jwks.ts'
import { createQuietLog } from './service/quiet-log.ts'
import { createServiceClient } from './service/service-client.ts'
import { reportAudience } from './token/report-audience.ts'
import { createRevocations, revocationsIn } from './token/revocations.ts'
import { createSeenTokens, createTokenVerifier } from './token/token.ts'

/** The parts of a guard. */
export type Parts = Readonly<{
  authorizer: Authorizer
  /** If the guard asks for nonces. */
  nonces: DpopNonces | undefined
  /** Resolves to whether the keys came and the feed was opened in time. Never rejects. */
  ready(): Promise<boolean>
  /** Whether the service refuses the key of this guard. */
  isKeyRefused(): boolean
  stats(): GuardStats
  closeFeed(): Promise<void>
}>

/** The part of the memory of tokens that is for keys of devices: importing one takes as long as verifying with it. */
const KEYS_SHARE = 0.25
/** What one takes, most of it outside the heap. */
const KEY_BYTES = 1_600
/** How long a request waits for a feed that is being opened for the first time, in milliseconds. */
const START_MS = 3_000
/** How long `ready` waits, in milliseconds. */
const READY_MS = 10_000

const KEY_FIX =
  'It expired, was revoked, or is of another service or scope: make one with `stile keys create --scope guard --audience <audience>`. Until then every feature that needs a license is answered 500.'

/** Puts the parts of a guard together and opens the feed. */
export function assemble<F extends string, R>(settings: Settings<F, R>): Parts {
  const { service, audience, policy, origin, outageSeconds, staleSeconds, memory, now, log } = settings
  const quiet = createQuietLog({ log, now })
  const issuer = service.url
  const nonces = settings.nonces ? createNonces({ serviceKey: service.key, now }) : undefined
  let tellRefused: () => void = () => undefined
  const keyRefused = new Promise<void>((resolve) => {
    tellRefused = resolve
  })
  const client = createServiceClient({
    ...service,
    onKeyRefused(refusal) {
      quiet.log('error', `The service at ${service.url} refuses service.key. ${KEY_FIX}`, refusal)
      tellRefused()
    },
  })
  const contact = createContact({ now })
  const keys = createJwks({ client, now, log: quiet.log, heard: contact.heard })
  const licenses = createLicenses({ client, contact, now, log: quiet.log, outageSeconds, staleSeconds, maxBytes: memory.licenses })
  const revocations = createRevocations({ now, max: revocationsIn(memory.revocations) })
  const seen = createSeenTokens(memory.tokens * (1 - KEYS_SHARE))
  const replay = createReplayMemory({
    now,
    windowSeconds: Math.max(PROOF_WINDOW_SECONDS, NONCE_LIFETIME_SECONDS),
    max: proofsIn(memory.replay),
  })

  let warned: string | undefined
  const compareDigest = (digest: string): void => {
    if (digest === policy.digest || digest === warned) return
    warned = digest
    log('warn', 'The service publishes another policy than the one that this guard decides with. Deploy both from the same document.', {
      published: digest,
      own: policy.digest,
    })
  }
  const listener: FeedListener = {
    onCheckpoint({ iat, policy: published }, place) {
      if (place === 'start') {
        // what happened before is not known: a token from then may have been revoked, and its client gets a new one without a prompt
        licenses.clear()
        revocations.raise(iat)
      } else if (place === 'behind' && now() - contact.fedAt() > staleSeconds) revocations.raise(iat)
      // what is still to come may be the revocation of what is asked for next
      if (place === 'behind') contact.heard()
      else contact.fed()
      quiet.changed()
      licenses.resume()
      compareDigest(published.digest)
    },
    onEvent(event) {
      contact.heard()
      if (event.type === 'license') licenses.apply(event)
      else if (event.type === 'policy') compareDigest(event.digest)
      else if (event.type === 'keys') keys.changed(event.withdrawn)
      else {
        revocations.add(event)
        // the end of one session takes nobody's seat
        if (event.sid === undefined) licenses.forget(event)
      }
    },
    onUnreadable(about) {
      if (about !== undefined) {
        // the license is fetched when it is needed, and until it can be read nobody of the account gets in by it
        log('error', 'The feed told of a license that this guard does not understand, so it forgets that account. Update @stile/guard.')
        licenses.forget(about)
        // a token of a service whose clock is ahead was issued before it too
        revocations.add({ account: about.account, before: now() + CLOCK_SKEW_SECONDS })
        return
      }
      log('error', 'The feed told something that this guard does not understand, so it forgets what it knew. Update @stile/guard.')
      keys.changed([])
      licenses.clear()
      revocations.raise(now() + CLOCK_SKEW_SECONDS + 1)
    },
  }
  const feed = openFeed({
    client,
    verifyCheckpoint: createCheckpointVerifier({ issuer, keys, now }),
    listener,
    log: quiet.log,
    staleSeconds,
  })

  let isStarting = true
  const start = within(
    START_MS,
    feed.started.then(() => true),
  ).then((begun) => {
    isStarting = false
    return begun === true
  })

  const maxKeys = Math.max(1, Math.floor((memory.tokens * KEYS_SHARE) / KEY_BYTES))
  const authorizer = createAuthorizer({
    policy,
    licenses,
    revocations,
    contact,
    verifyToken: reportAudience(createTokenVerifier({ issuer, audience, keys, now, seen }), log),
    verifyProof: reportMismatches(createRequestProofVerifier({ origin, now, nonces, maxKeys }), { log, now }),
    replay,
    starting: () => (isStarting ? start : undefined),
    staleSeconds,
    now,
  })
  return {
    authorizer,
    nonces,
    ready: async () => {
      const opened = Promise.all([keys.load(), feed.started])
      // a key that is refused is not waited for, unless it has been taken since
      const given = keyRefused.then(() => (client.isKeyRefused() ? undefined : opened))
      const begun = await within(READY_MS, Promise.race([opened, given]))
      return begun?.[0] === true
    },
    isKeyRefused: client.isKeyRefused,
    stats: () => ({
      licenses: { ...licenses.usage(), budget: memory.licenses, refusals: 0 },
      replay: { ...replay.usage(), budget: memory.replay, evictions: 0 },
      tokens: { ...seen.usage(), budget: memory.tokens, refusals: 0 },
      revocations: { ...revocations.usage(), budget: memory.revocations, refusals: 0 },
    }),
    closeFeed: feed.close,
  }
}

/** What a promise resolves to, or `undefined` if that takes longer. The timer keeps no process alive. */
function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds, undefined)
    timer.unref()
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
