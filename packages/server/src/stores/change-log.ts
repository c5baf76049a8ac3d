/** What has changed: the log behind events and feed. */
export type NewChange = Readonly<
  {
    at: number
  } & (
    | { type: 'license'; account: string }
    | { type: 'policy'; revision: number; digest: string }
    | { type: 'revoked'; account?: string; subject?: string; sid?: string; before: number }
    | { type: 'authenticators'; subject: string }
    | { type: 'proofs'; subject: string; sid: string }
    /** Look at the keys again. Those that are withdrawn must not be trusted any more, whatever they signed. */
    | { type: 'keys'; withdrawn: readonly string[] }
  )
>

/** A change with its place in the log. */
export type Change = NewChange & Readonly<{ cursor: number }>

/** The log of changes. */
export interface ChangeStore {
  /** The changes after a cursor, oldest first. */
  after(input: Readonly<{ cursor: number; limit: number }>): Promise<readonly Change[]>
  /** The newest cursor, 0 if nothing has changed yet. */
  head(): Promise<number>
  /** The newest `before` of the revocations that name this subject and nothing else, 0 if there is none. */
  revokedBefore(subject: string): Promise<number>
  /** Names this store's life: another generation means that cursors of the former say nothing. */
  generation(): Promise<string>
  /** Calls the listener after a commit that appended changes; answers how to stop. */
  watch(listener: () => void): () => void
}
