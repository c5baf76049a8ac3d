import { type Checkpoint, type FeedEvent, parseFeedEvent } from '@stile/protocol'
import { readEvents, type ServerEvent } from '@stile/protocol/events'
import type { GuardLog } from '../options/options.ts'
import { KeyRefusedError, type ServiceClient } from '../service/service-client.ts'

/** The place of a checkpoint: `start` if nothing before it was told, `behind` if missed events are still to come. */
export type CheckpointPlace = 'start' | 'behind' | 'current'

/** What the feed tells. */
export type FeedListener = Readonly<{
  /** A verified checkpoint. */
  onCheckpoint(checkpoint: Checkpoint, place: CheckpointPlace): void
  onEvent(event: Exclude<FeedEvent, { type: 'checkpoint' }>): void
  /** An event of a known type that is not understood: assume the worst, of `about` alone if it is an account's license. */
  onUnreadable(about?: Readonly<{ account: string; cursor: number }>): void
}>

/** The feed of the service, kept open for as long as the guard lives. */
export type Feed = Readonly<{
  /** Resolves with the first checkpoint; never rejects. */
  started: Promise<void>
  close(): Promise<void>
}>

/** What the feed is made of. */
export type FeedOptions = Readonly<{
  client: ServiceClient
  verifyCheckpoint: (jws: string) => Promise<Checkpoint>
  listener: FeedListener
  log: GuardLog
  /** Nothing at all for so long means that the connection is dead. */
  staleSeconds: number
  /** From 0 to 1, to spread reconnects. Default `Math.random`. */
  random?: () => number
  /** The first and the longest pause before reconnecting, in milliseconds. Defaults 250 and 2000. */
  firstDelayMs?: number
  longestDelayMs?: number
  /** How long the service may take for the first message, in milliseconds. Default 3000: with the longest pause that is 5 s, as refusals say. */
  openMs?: number
}>

/** The feed's messages are far below. */
const MESSAGE_LIMIT = {
  maxLength: 65_536,
  tooLong: () => new Error('The feed has a message of more than 65536 characters, so it is not read further.'),
}
/** How often a feed that was never open may fail to open before that is a warning: 2 to 4 seconds. */
const PATIENT_TRIES = 4
const KNOWN_TYPES = ['license', 'policy', 'revoked', 'keys', 'checkpoint']

/**
 * Opens `GET /v1/feed` and keeps it open: it resumes with `Last-Event-ID`, and reconnects with a growing, jittered pause.
 *
 * The first message of every connection must be a checkpoint, so that nothing is believed of an unsigned or a replaced log.
 */
export function openFeed(options: FeedOptions): Feed {
  const {
    client,
    verifyCheckpoint,
    listener,
    log,
    staleSeconds,
    random = Math.random,
    firstDelayMs = 250,
    longestDelayMs = 2_000,
    openMs = 3_000,
  } = options
  const closing = new AbortController()
  let lastId: string | undefined
  let generation: string | undefined
  let cursor = -1
  let failures = 0
  let hasStarted = false
  let resolveStarted: () => void = () => undefined
  const started = new Promise<void>((resolve) => {
    resolveStarted = resolve
  })

  const onMessage = async ({ data, id, event: type }: ServerEvent, first: boolean): Promise<void> => {
    const value = parseJson(data)
    const event = parseFeedEvent(value)
    if (first && event?.type !== 'checkpoint') throw new Error('The feed must begin with a checkpoint, so what it says is not believed.')
    if (event === undefined) {
      // a later version of the service may tell more
      if (KNOWN_TYPES.includes(type)) listener.onUnreadable(licenseMarkOf(type, value))
    } else if (event.type === 'checkpoint') {
      const checkpoint = await verifyCheckpoint(event.jws)
      // a log that is shorter than it was is another one, whatever it calls itself
      const start = checkpoint.generation !== generation || event.cursor < cursor || checkpoint.seq < cursor
      generation = checkpoint.generation
      failures = 0
      hasStarted = true
      listener.onCheckpoint(checkpoint, start ? 'start' : event.cursor < checkpoint.seq ? 'behind' : 'current')
      resolveStarted()
    } else listener.onEvent(event)
    if (event !== undefined) cursor = event.cursor
    if (id !== '') lastId = id
  }

  /** A guard often starts before its service, which may even be in the same process: at first that is no fault. */
  const report = (cause: string): void => {
    if (hasStarted) log('warn', 'The feed of the service broke off; it is opened again.', { cause })
    else if (failures < PATIENT_TRIES) log('info', 'The service does not answer yet, as is usual while it starts. Trying again.', { cause })
    else
      log('warn', 'The feed of the service could not be opened yet. Check service.url, and that the service runs. Trying again.', { cause })
  }

  const connect = async (): Promise<void> => {
    const dead = new AbortController()
    const signal = AbortSignal.any([closing.signal, dead.signal])
    const silence = setTimeout(() => dead.abort(new Error(`The feed was silent for ${staleSeconds} seconds.`)), staleSeconds * 1_000)
    silence.unref()
    const opening = setTimeout(() => dead.abort(new Error(`The feed was not opened within ${openMs} ms.`)), openMs)
    opening.unref()
    try {
      const body = await client.open('/v1/feed', lastId === undefined ? {} : { 'Last-Event-ID': lastId }, signal)
      let first = true
      for await (const message of readEvents(body, { onChunk: () => void silence.refresh(), limit: MESSAGE_LIMIT })) {
        await onMessage(message, first)
        first = false
        clearTimeout(opening)
      }
    } finally {
      clearTimeout(silence)
      clearTimeout(opening)
      dead.abort()
    }
  }

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await connect()
      } catch (cause) {
        if (closing.signal.aborted) return
        if (!(cause instanceof KeyRefusedError)) report(cause instanceof Error ? cause.message : String(cause))
      }
      const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 10))
      failures += 1
      await pause(delay * (0.5 + random() / 2), closing.signal)
    }
  }

  const running = run()
  return {
    started,
    async close() {
      closing.abort()
      await running
    },
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    timer.unref()
    signal.addEventListener('abort', done)
  })
}

/** Whose license an event tells that is not understood, and from when; `undefined` if it may be about anybody or anything else. */
function licenseMarkOf(named: string, value: unknown): Readonly<{ account: string; cursor: number }> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { type, account, cursor } = value as Readonly<Record<string, unknown>>
  if (named !== 'license' || type !== 'license' || typeof account !== 'string' || account === '') return undefined
  return typeof cursor === 'number' && Number.isSafeInteger(cursor) && cursor >= 0 ? { account, cursor } : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
