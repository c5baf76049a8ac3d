/** A JSON Pointer (RFC 6901) from the members on the way, each escaped; none of them is the whole document. */
export function pointer(...members: readonly PropertyKey[]): string {
  return members.map((member) => `/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
