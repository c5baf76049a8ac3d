/** One value in DER (X.690): its class and tag number, its content, and where the next one begins. */
export type DerValue = Readonly<{
  /** 0 universal, 1 application, 2 context, 3 private. */
  tagClass: number
  tag: number
  content: Uint8Array
  end: number
}>

/** Universal tags that are read here. */
export const DER = { boolean: 1, integer: 2, octetString: 4, oid: 6, enumerated: 10, sequence: 16, set: 17 } as const

/** Reads the value that begins at `at`; `undefined` if there is none, or its length is not written in the one way that DER has. */
export function readDer(bytes: Uint8Array, at = 0): DerValue | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  let next = at + 1
  let tag = first & 0x1f
  if (tag === 0x1f) {
    tag = 0
    // three more bytes are enough for every tag in use
    for (let count = 0, more = true; more; count++) {
      const byte = bytes[next++]
      if (byte === undefined || count === 3) return undefined
      tag = tag * 128 + (byte & 0x7f)
      more = byte > 0x7f
    }
  }
  let length = bytes[next++]
  if (length === undefined) return undefined
  if (length > 0x7f) {
    const size = length & 0x7f
    if (size === 0 || size > 3 || bytes[next] === 0) return undefined
    length = 0
    for (let count = 0; count < size; count++) length = length * 256 + (bytes[next++] ?? Number.NaN)
    if (!(length > 0x7f)) return undefined
  }
  const end = next + length
  return end > bytes.length ? undefined : { tagClass: first >> 6, tag, content: bytes.subarray(next, end), end }
}

/** Reads values that stand one behind another and fill the bytes; `undefined` if they do not. */
export function readAllDer(bytes: Uint8Array): readonly DerValue[] | undefined {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length; ) {
    const value = readDer(bytes, at)
    if (value === undefined) return undefined
    values.push(value)
    at = value.end
  }
  return values
}

/** The one value of a universal tag that fills the bytes, as its content. */
export function onlyDer(bytes: Uint8Array, tag: number): Uint8Array | undefined {
  const value = readDer(bytes)
  return value !== undefined && value.tagClass === 0 && value.tag === tag && value.end === bytes.length ? value.content : undefined
}

/** Whether a value has a universal tag. */
export function isDer(value: DerValue | undefined, tag: number): value is DerValue {
  return value !== undefined && value.tagClass === 0 && value.tag === tag
}

/** An object identifier in hexadecimal: enough to compare it with a known one. */
export function oidOf(content: Uint8Array): string {
  return Buffer.from(content).toString('hex')
}

/** A whole number of at most four bytes that is not negative; `undefined` if it is another one. */
export function smallInteger(content: Uint8Array): number | undefined {
  const [first] = content
  if (first === undefined || first > 0x7f || content.length > 4) return undefined
  return content.reduce((number, byte) => number * 256 + byte, 0)
}
