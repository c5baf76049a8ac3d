import { type Checkpoint, parseCheckpoint } from '@stile/protocol'
import { mediaType, parseJwt, verifyEs256 } from '@stile/protocol/node'
import type { Jwks } from '../service/jwks.ts'

/** What the verifier of checkpoints is made of. */
export type CheckpointOptions = Readonly<{ issuer: string; keys: Pick<Jwks, 'lookup'>; now: () => number }>

/** How far the `iat` of a checkpoint may be from now, in seconds: an older one was held back by somebody. */
export const CHECKPOINT_WINDOW_SECONDS = 60
const MAX_LENGTH = 4_096
const CHECKPOINT_TYP = 'stile-checkpoint+jwt'

/** Makes a verifier of the feed's signed checkpoints: `typ: stile-checkpoint+jwt`, ES256, a key of the service, exact issuer, fresh. */
export function createCheckpointVerifier({ issuer, keys, now }: CheckpointOptions): (jws: string) => Promise<Checkpoint> {
  return async (jws) => {
    const jwt = parseJwt(jws, MAX_LENGTH)
    const { typ, alg, kid } = jwt?.header ?? {}
    if (jwt === undefined || mediaType(typ) !== CHECKPOINT_TYP || alg !== 'ES256' || typeof kid !== 'string') {
      throw new Error('The checkpoint of the feed is not a JWT of type stile-checkpoint+jwt with ES256.')
    }
    let found = keys.lookup(kid)
    if (found.status === 'pending') {
      await found.wait
      found = keys.lookup(kid)
    }
    if (found.status !== 'known') throw new Error('The checkpoint of the feed is signed with a key that is not known.')
    if (!verifyEs256(jwt, found.key)) throw new Error('The signature of the checkpoint is wrong.')
    const checkpoint = parseCheckpoint(jwt.payload)
    if (checkpoint === undefined) throw new Error('The checkpoint lacks claims that it must have.')
    if (checkpoint.iss !== issuer) throw new Error('The checkpoint is of another issuer: service.url must be the publicUrl of the service.')
    if (!(Math.abs(now() - checkpoint.iat) <= CHECKPOINT_WINDOW_SECONDS)) {
      throw new Error('The checkpoint is older than a minute or of the future: compare the clocks of guard and service.')
    }
    return checkpoint
  }
}
