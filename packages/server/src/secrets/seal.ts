import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

const VERSION = 'v1'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Where a sealed value stands: opened anywhere else it is refused. */
export type SealContext = Readonly<{
  table: string
  /** Whose it is. */
  subject: string
  /** The id of the row. */
  id: string
}>

/** Seals secrets before they are stored, and opens them again. */
export interface Sealer {
  /** Seals a value for one row; a string is sealed as UTF-8. */
  seal(plain: string | Uint8Array, context: SealContext): string
  /** Opens a value of one row. Throws {@link SealError}. */
  open(sealed: string, context: SealContext): Uint8Array
}

/** A sealer of a service, which may have several secrets while one replaces another: all of them open, one seals. */
export interface ServiceSealer extends Sealer {
  /** The key ids of all secrets, that of the present one first. They tell nothing about the secrets. */
  readonly keyIds: readonly string[]
  /** Whether there is a secret to seal with: not if the one that should seal is not among those that were given. */
  canSeal(): boolean
  /** Seals with this secret from here on. If it is not among those that were given nothing is sealed any more, and the answer is `false`. */
  sealWith(keyId: string): boolean
}

/** `malformed`: not a sealed value. `secret_changed`: sealed with another secret. `not_authentic`: altered, or moved from another row. */
export type SealErrorCode = 'malformed' | 'secret_changed' | 'not_authentic'

/** A sealed value that cannot be opened. */
export class SealError extends Error {
  readonly code: SealErrorCode

  constructor(code: SealErrorCode, message: string) {
    super(message)
    this.name = 'SealError'
    this.code = code
  }
}

/**
 * Derives a key for one purpose from the service's secret (HKDF-SHA-256, RFC 5869): 32 bytes, another for every `info`.
 *
 * Throws if the secret has not 32 bytes.
 */
export function deriveKey(secret: Uint8Array, info: string): Uint8Array {
  if (secret.byteLength !== KEY_BYTES) {
    throw new Error(
      `The secret of the service has ${secret.byteLength} bytes and must have ${KEY_BYTES}, because every key is derived from it. ` +
        'Make one with `openssl rand -base64 32`.',
    )
  }
  return new Uint8Array(hkdfSync('sha256', secret, 'stile', info, KEY_BYTES))
}

/** What a sealer is made of. */
export type SealerOptions = Readonly<{
  /** 32 bytes. It seals, unless {@link ServiceSealer.sealWith} names another one. */
  secret: Uint8Array
  /** Open what they sealed. */
  previousSecrets?: readonly Uint8Array[]
  random: (bytes: number) => Uint8Array
}>

/**
 * Seals with AES-256-GCM (NIST SP 800-38D): `v1.<key id>.<nonce>.<ciphertext and tag>`, in base64url.
 *
 * Table, subject and row id are authenticated with it, so that who can write the database cannot move a value to another row. The nonce
 * is 96 random bits: good for 2^32 values under one secret (§8.3).
 */
export function createSealer({ secret, previousSecrets = [], random }: SealerOptions): ServiceSealer {
  const keys = new Map([secret, ...previousSecrets].map((each) => [keyIdOf(each), deriveKey(each, 'seal')]))
  const keyIds = [...keys.keys()]
  let kid = keyIdOf(secret)

  return {
    keyIds,
    canSeal: () => keys.has(kid),
    sealWith: (keyId) => {
      kid = keyId
      return keys.has(kid)
    },
    seal: (plain, context) => {
      const key = keys.get(kid)
      if (key === undefined) throw new SealError('secret_changed', notAmong(kid, keyIds))
      const nonce = random(NONCE_BYTES)
      if (nonce.byteLength !== NONCE_BYTES) throw new Error(`Sealing needs ${NONCE_BYTES} random bytes and got ${nonce.byteLength}.`)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(bindingOf(kid, context))
      const body = Buffer.concat([cipher.update(plain as Uint8Array), cipher.final(), cipher.getAuthTag()])
      return [VERSION, kid, Buffer.from(nonce).toString('base64url'), body.toString('base64url')].join('.')
    },
    open: (sealed, context) => {
      const [version, sealedKid, nonceText, bodyText, ...rest] = sealed.split('.')
      const nonce = bytesOf(nonceText)
      const body = bytesOf(bodyText)
      if (version !== VERSION || !sealedKid || rest.length > 0 || nonce?.length !== NONCE_BYTES || !body || body.length < TAG_BYTES) {
        throw new SealError('malformed', `What stands in ${context.table} is no sealed value. Restore the row from a backup.`)
      }
      const key = keys.get(sealedKid)
      if (key === undefined) {
        throw new SealError(
          'secret_changed',
          `What stands in ${context.table} was sealed with another secret (key id ${sealedKid}, those given are ${keyIds.join(', ')}): the ` +
            'secret of the service has changed since. Give the former secret as well, as a previous one; without it the sealed value is lost.',
        )
      }
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        decipher.setAAD(bindingOf(sealedKid, context))
        decipher.setAuthTag(body.subarray(-TAG_BYTES))
        return new Uint8Array(Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]))
      } catch {
        // omit the cause: failures must be indistinguishable
        throw new SealError(
          'not_authentic',
          `What stands in ${context.table} was altered, or moved there from another row, and is not opened. Find out who can write the ` +
            'database, and restore the row from a backup.',
        )
      }
    },
  }
}

/** The key id that a sealed value names, or `undefined` if it is none. */
export function sealedKeyId(sealed: string): string | undefined {
  const [version, keyId] = sealed.split('.')
  return version === VERSION && keyId ? keyId : undefined
}

/** What every value that was sealed under a key id begins with. */
export function sealedPrefix(keyId: string): string {
  return `${VERSION}.${keyId}.`
}

/** Names a secret without telling anything about it. */
export function keyIdOf(secret: Uint8Array): string {
  return Buffer.from(deriveKey(secret, 'seal key id')).subarray(0, 6).toString('base64url')
}

/** Says that the store is sealed with a secret that was not given. */
export function notAmong(keyId: string, keyIds: readonly string[]): string {
  return (
    `The store is sealed with the secret of key id ${keyId}, and those given have ${keyIds.join(', ')}: nothing in it could be opened. Give ` +
    'that secret too: as `secret` (STILE_SECRET), or in `previousSecrets` (STILE_SECRET_PREVIOUS) while another one replaces it.'
  )
}

/** The associated data: every part with its length before it, so that no two contexts share one encoding. */
function bindingOf(kid: string, { table, subject, id }: SealContext): Buffer {
  return Buffer.concat(
    [VERSION, kid, table, subject, id].flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8')
      // a lone surrogate became U+FFFD and so the same as another text
      if (bytes.toString('utf8') !== part)
        throw new Error('A table, subject or row id is not well-formed Unicode: nothing is sealed for it.')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

/** Reads base64url in its one canonical form: a value has one text. */
function bytesOf(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
