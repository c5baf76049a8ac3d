import type { Domain } from '../domain.ts'
import type { NewNotice } from '../stores/store.ts'

const ID_BYTES = 16

/** A notice of something that happens now. */
export function newNotice({ now, random }: Pick<Domain, 'now' | 'random'>, notice: Omit<NewNotice, 'id' | 'at'>): NewNotice {
  return { id: `no_${Buffer.from(random(ID_BYTES)).toString('base64url')}`, at: now(), ...notice }
}
