/** What tabs say to each other: one asks, and one that has a pair gives it. */
type Message = CryptoKeyPair | 'ask'

/** Names the channel between tabs, the lock under which they agree, and the member of the history's state that outlives a reload. */
const NAME = 'stile:key'
/** How long another tab that has a pair is given to answer. */
const ANSWER_MS = 150
/** How long tabs that are agreeing are waited for. */
const AGREE_MS = 1000

/**
 * Keeps a key pair that the browser cannot store as well as it can otherwise be kept: through a reload, in the state of the tab's history
 * entry, and for all open tabs of the origin. It is loaded only if IndexedDB refuses.
 *
 * Both ways clone the pair, whose private half stays as it is: not extractable.
 *
 * @param made  the pair to use if there is none yet
 * @returns the pair of this tab from now on
 */
export async function shareUnstoredPair(made: CryptoKeyPair): Promise<CryptoKeyPair> {
  const channel = globalThis.BroadcastChannel && new BroadcastChannel(NAME)
  const pair = takeFromHistory() ?? (await agree(channel, made))
  if (channel) answer(channel, pair)
  // only while the page goes: the state belongs to the application, which may replace it. Chromium drops what is written at `pagehide`, and
  // iOS knows no `beforeunload`
  for (const event of ['beforeunload', 'pagehide']) addEventListener(event, () => leaveInHistory(pair))
  addEventListener('pageshow', takeFromHistory)
  return pair
}

/** Has one tab after the other ask the rest, so that tabs which open together end with one pair. */
async function agree(channel: BroadcastChannel | undefined, made: CryptoKeyPair): Promise<CryptoKeyPair> {
  if (!channel) return made
  const ask = async () => {
    const pair = (await askOthers(channel)) ?? made
    // before the next one asks
    answer(channel, pair)
    return pair
  }
  try {
    return await navigator.locks.request(NAME, { signal: AbortSignal.timeout(AGREE_MS) }, ask)
  } catch {
    // a browser without locks, or a tab that does not let go of this one
    return ask()
  }
}

function askOthers(channel: BroadcastChannel): Promise<CryptoKeyPair | undefined> {
  return new Promise((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data !== 'ask') resolve(data)
    }
    setTimeout(resolve, ANSWER_MS)
    channel.postMessage('ask' satisfies Message)
  })
}

function answer(channel: BroadcastChannel, pair: CryptoKeyPair): void {
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data !== 'ask') return
    try {
      channel.postMessage(pair satisfies Message)
    } catch {
      // a browser that passes no keys on: each tab has its own
    }
  }
}

function leaveInHistory(pair: CryptoKeyPair): void {
  const { state } = history
  // a state that is no object is the application's alone
  if (state === null || isPlainObject(state)) replaceState({ ...state, [NAME]: pair })
}

/** Takes the pair out again, so that the application finds its state as it left it. */
function takeFromHistory(): CryptoKeyPair | undefined {
  const { state } = history
  if (!isPlainObject(state) || !(NAME in state)) return undefined
  const { [NAME]: pair, ...rest } = state
  replaceState(Object.keys(rest).length > 0 ? rest : null)
  return isPair(pair) ? pair : undefined
}

function replaceState(state: unknown): void {
  try {
    history.replaceState(state, '')
  } catch {
    // a page that may not, such as one that changes its state too often: the key ends with it
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function isPair(value: unknown): value is CryptoKeyPair {
  return isPlainObject(value) && value.privateKey instanceof CryptoKey && value.publicKey instanceof CryptoKey
}
