import type { Generated } from 'kysely'

/** The row id that SQLite gives every table; the sweep deletes by it. */
type Rowid = { rowid: Generated<number> }

type SessionColumns = { subject: string; sid: string; jkt: string }

/** The tables as the newest migration leaves them: booleans are 0 or 1, times are seconds since the epoch, `*_json` is JSON text. */
export interface Tables {
  user_handles: { subject: string; handle: string }
  /**
   * `login` is what has vouched for the key: it stays when a later token says nothing of it. `reopened_at` is when the sign-in was given that
   * began it again for this key, null if there was none. `ahead_until` is the newest time of a login that was brought before it, because the clock
   * of its issuer is fast; null if there was none. `due_at` is when the sweep looks at it next, null if that is when it expires.
   */
  sessions: Rowid &
    SessionColumns & {
      account: string
      created_at: number
      seen_at: number
      expires_at: number
      login: 'issuer' | 'first' | 'none'
      reopened_at: number | null
      ahead_until: number | null
      due_at: number | null
    }
  /** `reopens_after` is null if the end is for good; `spared_jkt` is the one key that it does not concern. */
  ended_sessions: Rowid & { subject: string; sid: string; keep_until: number; reopens_after: number | null; spared_jkt: string | null }
  /** Keys that were forgotten in a session that goes on for others. */
  ended_keys: Rowid & SessionColumns & { keep_until: number; reopens_after: number }
  /**
   * To which device key a login belongs: `sid` is empty if the issuer names no session, `auth_time` is 0 if it does. An empty `party`
   * stands for every party, an empty `jkt` for no key.
   */
  login_owners: Rowid & { subject: string; sid: string; auth_time: number; party: string; jkt: string; keep_until: number }
  /** Logins of before owners were remembered: given up to `until`, they belong to no key but these; `sid` as in `login_owners`. */
  former_logins: Rowid & { subject: string; sid: string; jkt: string; until: number; keep_until: number }
  proofs: Rowid & SessionColumns & { method: string; level: string; amr_json: string; auth_time: number; authenticator_id: string | null }
  /**
   * One row for each authenticator that vouched for the device; its id is empty if it is not known, or is gone. A row without a key
   * stands for devices that were forgotten: the subject had some.
   */
  devices: { subject: string; jkt: string; authenticator_id: string; bound_at: number }
  step_ups: Rowid &
    SessionColumns & {
      id: string
      account: string
      client: string
      audience: string
      feature: string
      requirement_json: string
      operation_json: string | null
      created_at: number
      expires_at: number
    }
  /** `used` is 1 for one that was taken by its value, so that those who come with it too late are told from those who are wrong. */
  step_up_challenges: { step_up_id: string; method: string; challenge: string; used: number }
  operations: Rowid &
    SessionColumns & {
      id: string
      feature: string
      account: string
      audience: string
      params_json: string
      digest: string
      salt: string
      created_at: number
      expires_at: number
      /** The columns of the proof, null until it is given. */
      proven_method: string | null
      proven_level: string | null
      proven_amr_json: string | null
      proven_at: number | null
      /** What gave it; null also if nothing enrolled did. */
      proven_with: string | null
    }
  /**
   * What a device key calls itself, also one that is not known; the name is null if nothing can be told of it. `looked_at` is when the sweep last
   * found that it has to stay, null if it has not since the key was seen.
   */
  device_sightings: Rowid & {
    subject: string
    jkt: string
    name: string | null
    first_seen_at: number
    last_seen_at: number
    looked_at: number | null
  }
  registrations: Rowid &
    SessionColumns & {
      id: string
      method: string
      secret: string
      bound_method: string
      bound_level: string
      created_at: number
      expires_at: number
    }
  attempts: Rowid & { key: string; count: number; resets_at: number }
  authenticators: {
    id: string
    subject: string
    method: string
    level: string
    name: string
    created_at: number
    last_used_at: number | null
    bound_method: string
    bound_level: string
    /** The columns of a passkey or a security key, null for other methods. */
    credential_id: string | null
    public_key: string | null
    counter: number | null
    transports_json: string | null
    aaguid: string | null
    backup_eligible: number | null
    backup_state: number | null
    /** Null also if it came without the word of its maker. */
    attestation_json: string | null
    /** The columns of TOTP, null for other methods. */
    sealed_secret: string | null
    last_step: number | null
    failures: number | null
    /** Null if it is not switched off. */
    disabled_at: number | null
    /** When the recovery was that let it in, and whether it was told; null if none did. */
    recovered_at: number | null
    recovery_told: number | null
  }
  licenses: {
    account: string
    id: string
    epoch: number
    tier: string
    features_json: string
    state: string
    state_since: number
    ends_at: number | null
    raised_at: number | null
    requires_json: string | null
    updated_at: number
  }
  policies: { revision: number; digest: string; document_json: string; published_at: number }
  replays: Rowid & { key: string; expires_at: number }
  changes: {
    cursor: Generated<number>
    at: number
    type: string
    /** What the change is about: the log keeps the newest change of each topic and forgets older ones. */
    topic: string
    data_json: string
    /** Null if it stays until a newer one of its topic comes. */
    expires_at: number | null
  }
  api_keys: {
    id: string
    hash: string
    name: string
    scope: string
    audience: string | null
    created_at: number
    expires_at: number
    revoked_at: number | null
  }
  signing_keys: { kid: string; public_jwk_json: string; sealed_private_jwk: string; created_at: number; active_from: number }
  settings: { name: string; value: string }
  /** The last three columns are null if no other address is waiting to take the place. */
  addresses: {
    subject: string
    version: number
    address: string
    claimed: string | null
    pending_address: string | null
    pending_by: string | null
    settles_at: number | null
  }
  outbox: Rowid & {
    id: string
    subject: string
    recipient: string
    kind: string
    data_json: string
    created_at: number
    /** When it is to be sent, or when the lease of its sender ends. */
    due_at: number
    attempts: number
  }
  /** When the codes of a subject were made, even if all were used. */
  recovery_sets: { subject: string; made_at: number }
  recovery_codes: { subject: string; digest: string }
  recovery_links: Rowid & { subject: string; digest: string; expires_at: number }
  recovery_tickets: Rowid &
    SessionColumns & { granted_by: string; expires_at: number; digest: string | null; redeemed_at: number | null; told: number | null }
  guesses: Rowid & {
    subject: string
    budget: 'owner' | 'others' | 'recovery'
    /** When each guess was taken, oldest first. */
    times_json: string
    /** When the last guess of the budget was taken; null if some are left. */
    exhausted_at: number | null
    /** How often the budget was used up before, less what was forgotten since. */
    strikes: number
    /** From when on the strikes are forgotten, one after the other; null if there are none. */
    quiet_since: number | null
    /** The wrong codes of apps in a row that the budget of `others` counts, and when the last one was taken. */
    in_row: number
    row_at: number
    expires_at: number
  }
  ceremony_guesses: Rowid & { ceremony: string; count: number; expires_at: number }
  meta: { name: string; value: string }
}
