import { StileError } from '../../error.ts'

/** A strong entity tag (RFC 9110 §8.8.3). */
export function strongEtag(value: string): string {
  return `"${value}"`
}

/** Whether an `If-None-Match` header names the tag; weak comparison (RFC 9110 §13.1.2). */
export function matchesEtag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return header.split(',').some((each) => each.trim().replace(/^W\//, '') === tag)
}

/**
 * The epoch that an `If-Match` header demands (RFC 9110 §13.1.1); `undefined` if there is no such header.
 *
 * @throws StileError `invalid_request` if the header is not one epoch in quotes: a condition that cannot be read must not be ignored
 */
export function expectedEpoch(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const match = /^\s*"(\d{1,15})"\s*$/.exec(header)
  if (match === null)
    throw new StileError(
      'invalid_request',
      'If-Match is not one epoch in quotes, such as "3". Send the ETag of the license as you read it.',
    )
  return Number(match[1])
}
