import type { NewNotice, NoticeDigest, NoticeKind } from './mail-records.ts'

/** How long the first notice of a subject opens a window, in seconds. What waits in it is sent when it ends. */
export const NOTICE_WINDOW_SECONDS = 3600
/** How many notices of one budget a subject gets at once in a window. */
export const NOTICES_AT_ONCE = 3
/** How many notices a digest lists; of the others it only has the count of each kind. */
const MOST_LISTED = 30

/** Kinds that do not change who can get into an account, and that somebody who is in can cause without end. */
const ROUTINE: ReadonlySet<NoticeKind> = new Set(['authenticator_renamed', 'device_forgotten', 'device_crowded_out', 'sessions_ended'])

/** The budget that a notice counts in: routine shares one, so that no amount of it delays what matters, and each other kind has its own. */
export function noticeBudget(kind: NoticeKind): string {
  return ROUTINE.has(kind) ? 'routine' : kind
}

/** Puts one more notice into a digest: routine last, and left out first if there are too many to list. */
export function foldNotice(
  { count, listed, more }: NoticeDigest = { count: 0, listed: [], more: {} },
  { kind, data, at }: Pick<NewNotice, 'kind' | 'data' | 'at'>,
): NoticeDigest {
  const place = ROUTINE.has(kind) ? listed.length : listed.filter((each) => !ROUTINE.has(each.kind)).length
  const all = listed.toSpliced(place, 0, { kind, data, at })
  const left = all[MOST_LISTED]
  return {
    count: count + 1,
    listed: all.slice(0, MOST_LISTED),
    more: left === undefined ? more : { ...more, [left.kind]: (more[left.kind] ?? 0) + 1 },
  }
}
