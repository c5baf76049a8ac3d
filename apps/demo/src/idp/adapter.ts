import type { Adapter, AdapterPayload } from 'oidc-provider'

type Entry = { payload: AdapterPayload; expiresAt: number }

const MAX_ENTRIES = 5000

/**
 * Keeps what the identity provider must remember in memory: after a restart everybody signs in again.
 *
 * @param now  milliseconds since the epoch
 */
export function createAdapter(now: () => number = Date.now): (model: string) => Adapter {
  const entries = new Map<string, Entry>()
  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry && entry.expiresAt > now()) return entry
    entries.delete(key)
    return undefined
  }
  const oldestGoes = () => {
    const [oldest] = entries.keys()
    if (entries.size > MAX_ENTRIES && oldest !== undefined) entries.delete(oldest)
  }
  return (model) => {
    const keyOf = (id: string) => `${model}:${id}`
    const findBy = (member: 'uid' | 'userCode', value: string) =>
      [...entries].find(([key, { payload }]) => key.startsWith(`${model}:`) && payload[member] === value && live(key))?.[1].payload
    return {
      async upsert(id, payload, expiresIn = 3600) {
        entries.set(keyOf(id), { payload, expiresAt: now() + expiresIn * 1000 })
        oldestGoes()
      },
      find: async (id) => live(keyOf(id))?.payload,
      findByUid: async (uid) => findBy('uid', uid),
      findByUserCode: async (code) => findBy('userCode', code),
      async consume(id) {
        const entry = live(keyOf(id))
        if (entry) entry.payload.consumed = Math.floor(now() / 1000)
      },
      async destroy(id) {
        entries.delete(keyOf(id))
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key)
      },
    }
  }
}
