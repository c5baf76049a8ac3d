/** The round constants: the first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4 §4.2.2). */
const K: Uint32Array = fractions(64, (prime) => Math.cbrt(prime))
/** The initial hash value: the same of the square roots of the first 8 primes (FIPS 180-4 §5.3.3). */
const H: Uint32Array = fractions(8, (prime) => Math.sqrt(prime))

/**
 * SHA-256 of a text in UTF-8, as base64url without padding (FIPS 180-4, RFC 4648 §5).
 *
 * Synchronous and without a platform API, because a policy is defined at module load in browsers and in Node alike.
 */
export function sha256Base64Url(text: string): string {
  return base64Url(sha256(utf8(text)))
}

/** SHA-256 of bytes (FIPS 180-4 §6.2). */
export function sha256(message: Uint8Array): Uint8Array {
  const blocks = pad(message)
  const state = H.slice()
  const schedule = new Uint32Array(64)
  const view = new DataView(blocks.buffer)
  for (let offset = 0; offset < blocks.length; offset += 64) compress(state, schedule, view, offset)
  const digest = new DataView(new ArrayBuffer(32))
  state.forEach((word, index) => {
    digest.setUint32(index * 4, word)
  })
  return new Uint8Array(digest.buffer)
}

function compress(state: Uint32Array, w: Uint32Array, view: DataView, offset: number): void {
  for (let t = 0; t < 16; t++) w[t] = view.getUint32(offset + t * 4)
  for (let t = 16; t < 64; t++) {
    const s0 = rotate(at(w, t - 15), 7) ^ rotate(at(w, t - 15), 18) ^ (at(w, t - 15) >>> 3)
    const s1 = rotate(at(w, t - 2), 17) ^ rotate(at(w, t - 2), 19) ^ (at(w, t - 2) >>> 10)
    w[t] = at(w, t - 16) + s0 + at(w, t - 7) + s1
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let t = 0; t < 64; t++) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const t1 = (h + big1 + ((e & f) ^ (~e & g)) + at(K, t) + at(w, t)) | 0
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  const add = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = at(state, i) + (add[i] ?? 0)
}

/** Appends the bit 1, zeros, and the length in bits as 64 bits (FIPS 180-4 §5.1.1). */
function pad(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(message.length / 0x20000000))
  view.setUint32(padded.length - 4, (message.length << 3) >>> 0)
  return padded
}

/** UTF-8 without `TextEncoder`, which the language itself does not have; a lone surrogate becomes U+FFFD. */
function utf8(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const point = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63))
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
    else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
  }
  return Uint8Array.from(bytes)
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function base64Url(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (at(bytes, i) << 16) | (at(bytes, i + 1) << 8) | at(bytes, i + 2)
    const digits = Math.min(bytes.length - i, 3) + 1
    for (let digit = 0; digit < digits; digit++) text += ALPHABET[(group >> (18 - digit * 6)) & 63]
  }
  return text
}

function fractions(count: number, root: (prime: number) => number): Uint32Array {
  const primes: number[] = []
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return Uint32Array.from(primes, (prime) => (root(prime) % 1) * 0x100000000)
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function at(words: Uint32Array | Uint8Array, index: number): number {
  return words[index] ?? 0
}
