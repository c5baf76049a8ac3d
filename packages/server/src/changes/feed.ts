import type { Checkpoint, FeedEvent } from '@stile/protocol'
import { effectiveLicenseOf } from '../licenses/licenses.ts'
import type { Change } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'
import type { ChangeStream } from './stream.ts'

/** The `typ` header of a checkpoint. */
export const CHECKPOINT_TYP = 'stile-checkpoint+jwt'

/** How many changes are read at once when a guard catches up. */
const PAGE = 500

/** Where in which log a guard is: `<generation>:<cursor>` on the wire. */
export type FeedPosition = Readonly<{ generation: string; cursor: number }>

/** Reads a position from outside; `undefined` if it is none. */
export function parsePosition(text: string | undefined): FeedPosition | undefined {
  const match = /^([A-Za-z0-9_-]{1,128}):(\d{1,15})$/.exec(text ?? '')
  return match === null ? undefined : { generation: match[1] as string, cursor: Number(match[2]) }
}

/** Writes a position. */
export function formatPosition({ generation, cursor }: FeedPosition): string {
  return `${generation}:${cursor}`
}

/** One guard's feed. */
export type Feed = Readonly<{
  /** Sends a signed checkpoint once everything up to it was sent. Throws if the store cannot be read. */
  checkpoint(): Promise<void>
  close(): void
}>

export type FeedOptions = Readonly<{
  domain: Domain
  stream: ChangeStream
  /** Where the guard was; without it, or in another generation, it begins at the end of the log. */
  resume: FeedPosition | undefined
  /** Resolves, if it has to wait, when the guard can take more. */
  send: (event: FeedEvent, position: FeedPosition) => void | Promise<void>
  /** The feed cannot go on. */
  onFault: (fault: unknown) => void
}>

/**
 * Opens a feed: a checkpoint first, then what the guard has missed, then every change as it happens.
 *
 * The position of a message is what was delivered up to it, so that a guard that reconnects misses nothing, also when it lost the line
 * between the first checkpoint and what it had missed.
 */
export async function openFeed({ domain, stream, resume, send, onFault }: FeedOptions): Promise<Feed> {
  const generation = await domain.store.changes.generation()
  const head = await stream.sync()
  let delivered = resume?.generation === generation && resume.cursor <= head ? resume.cursor : head
  let closed = false
  let work: Promise<void> = Promise.resolve()
  /** The newest changes, which all feeds share, and the cursor before them: a feed that is no further behind need not read the log. */
  let newest: Readonly<{ after: number; upTo: number; changes: readonly Change[] }> | undefined
  let isCatchingUp = false
  let waiting: Promise<void> | undefined

  const deliver = async (changes: readonly Change[]): Promise<void> => {
    for (const change of changes) {
      if (closed || change.cursor <= delivered) continue
      const event = await eventOf(domain, change)
      delivered = change.cursor
      if (event !== null && !closed) await send(event, { generation, cursor: delivered })
    }
  }
  const catchUp = async (): Promise<void> => {
    while (!closed && delivered < stream.cursor()) {
      const end = stream.cursor()
      const isNear = newest !== undefined && newest.after <= delivered && delivered < newest.upTo
      const page = isNear && newest !== undefined ? newest.changes : await domain.store.changes.after({ cursor: delivered, limit: PAGE })
      await deliver(page)
      // the log keeps of one thing its newest change alone, and some for a time
      if (page.length === 0) delivered = end
    }
  }
  const enqueue = (task: () => Promise<void>): Promise<void> => {
    work = work.then(task)
    work.catch((fault) => {
      if (closed) return
      close()
      onFault(fault)
    })
    return work
  }
  /** However many changes come while a guard is slow, one task waits for it, and it holds none of them. */
  const follow = (): void => {
    if (isCatchingUp) return
    isCatchingUp = true
    enqueue(() => {
      isCatchingUp = false
      return catchUp()
    }).catch(() => {})
  }
  const close = (): void => {
    closed = true
    unsubscribe()
  }
  const vouch = async (): Promise<void> => {
    const { revision, digest } = domain.policy()
    const claims: Checkpoint = {
      iss: domain.options.publicUrl,
      generation,
      seq: stream.cursor(),
      iat: domain.now(),
      policy: { revision, digest },
    }
    const position = { generation, cursor: delivered }
    const jws = await domain.keyring.sign(claims, { typ: CHECKPOINT_TYP })
    if (!closed) await send({ type: 'checkpoint', cursor: position.cursor, jws }, position)
  }
  const checkpoint = async (): Promise<void> => {
    do {
      // what cannot be read must not be vouched for, nor what was not sent
      await stream.sync()
      await catchUp()
    } while (!closed && delivered < stream.cursor())
    if (!closed) await vouch()
  }

  let seen = stream.cursor()
  const unsubscribe = stream.subscribe((changes) => {
    const upTo = changes.at(-1)?.cursor ?? seen
    newest = { after: seen, upTo, changes }
    seen = upTo
    follow()
  })
  await enqueue(vouch)
  // a guard that missed something waits to hear that it has all of it
  if (delivered < stream.cursor()) enqueue(checkpoint).catch(() => {})
  return {
    checkpoint() {
      // one that waits for a slow guard is as good as many
      waiting ??= enqueue(() => {
        waiting = undefined
        return checkpoint()
      })
      return waiting
    },
    close,
  }
}

/** All feeds share the work for one change. */
const events = new WeakMap<Change, Promise<FeedEvent | null>>()

function eventOf(domain: Domain, change: Change): Promise<FeedEvent | null> {
  const known = events.get(change)
  if (known !== undefined) return known
  const event = makeEvent(domain, change)
  events.set(change, event)
  // a failure is not the answer for the next guard
  event.catch(() => events.delete(change))
  return event
}

async function makeEvent(domain: Domain, change: Change): Promise<FeedEvent | null> {
  const { cursor } = change
  switch (change.type) {
    case 'license':
      return { cursor, type: 'license', account: change.account, license: await effectiveLicenseOf(domain, change.account) }
    case 'policy':
      return { cursor, type: 'policy', revision: change.revision, digest: change.digest }
    case 'revoked': {
      const { account, subject, sid, before } = change
      return {
        cursor,
        type: 'revoked',
        before,
        ...(account === undefined ? {} : { account }),
        ...(subject === undefined ? {} : { subject }),
        ...(sid === undefined ? {} : { sid }),
      }
    }
    case 'keys':
      // whoever hears of it reads the key set at once
      await domain.keyring.refresh()
      return { cursor, type: 'keys', withdrawn: change.withdrawn }
    default:
      return null
  }
}
