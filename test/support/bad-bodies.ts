/** Sent with every bad input, to be looked for in the log afterwards. */
export const MARKER = 's3cret-that-no-log-may-hold'

/** One body that no endpoint may take, and what its refusal says. */
export type BadBody = Readonly<{
  name: string
  raw: string | Uint8Array<ArrayBuffer>
  headers?: Readonly<Record<string, string>>
  codes: readonly string[]
}>

const malformed = ['invalid_request']
const unsupported = ['unsupported_media_type']

/** Bodies that are wrong for every endpoint that takes one. */
export const BAD_BODIES: readonly BadBody[] = [
  { name: 'an empty body', raw: '', codes: [...malformed, ...unsupported] },
  { name: 'a body that is cut off', raw: `{"feature":"${MARKER}`, codes: malformed },
  { name: 'a form', raw: `feature=${MARKER}`, headers: { 'content-type': 'application/x-www-form-urlencoded' }, codes: unsupported },
  { name: 'JSON that calls itself text', raw: '{}', headers: { 'content-type': 'text/plain' }, codes: unsupported },
  {
    name: 'a charset in which quotes look otherwise',
    raw: '{}',
    headers: { 'content-type': 'application/json; charset=utf-7' },
    codes: unsupported,
  },
  { name: 'two charsets', raw: '{}', headers: { 'content-type': 'application/json; charset=utf-8; charset=utf-16' }, codes: unsupported },
  { name: 'a compressed body', raw: '{}', headers: { 'content-encoding': 'gzip' }, codes: unsupported },
  { name: 'bytes that are not UTF-8', raw: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), codes: malformed },
  { name: 'nothing but a byte order mark', raw: new Uint8Array([0xef, 0xbb, 0xbf]), codes: malformed },
  { name: 'a nest that is thousands deep', raw: '['.repeat(8000) + ']'.repeat(8000), codes: malformed },
  { name: 'objects that are a hundred deep', raw: `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, codes: malformed },
  { name: 'a body of 100 kB', raw: JSON.stringify({ feature: MARKER.repeat(4000) }), codes: ['payload_too_large'] },
]

/** Bodies that are JSON and no object. */
export const NO_OBJECTS: readonly string[] = ['null', 'true', '0', '-1e400', '""', `"${MARKER}"`, '[]', '[{}]', '[[]]']

/** Values that stand where others belong. */
export const WRONG_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  '__proto__',
  MARKER,
  'x'.repeat(5000),
  [],
  [MARKER],
  {},
  { toString: MARKER, length: 5 },
]

/** A body that differs from a good one in one place. */
export type Mutation = Readonly<{ /** Where and what, such as `response/code: null`. */ at: string; body: unknown }>

/** Every body that differs from a good one in one place: a member left out, or of another type or size. */
export function mutationsOf(good: unknown, above = ''): Mutation[] {
  if (typeof good !== 'object' || good === null || Array.isArray(good)) return []
  return Object.entries(good).flatMap(([name, value]) => {
    const at = `${above}${name}`
    const { [name]: _, ...without } = good as Record<string, unknown>
    const put = (other: unknown) => ({ ...good, [name]: other })
    return [
      { at: `${at}: absent`, body: without },
      ...WRONG_VALUES.map((wrong) => ({ at: `${at}: ${JSON.stringify(wrong).slice(0, 40)}`, body: put(wrong) })),
      ...mutationsOf(value, `${at}/`).map((deeper) => ({ at: deeper.at, body: put(deeper.body) })),
    ]
  })
}
