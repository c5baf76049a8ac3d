import { createSqliteStore } from './store.ts'

/** What another process is to do: win as many keys as it can, telling at the end, or after every group where `endless`. */
export type WriterTask = Readonly<{ path: string; keys: number; endless: boolean; now: number }>

const GROUP = 20

async function main({ path, keys, endless, now }: WriterTask): Promise<void> {
  const store = createSqliteStore({ path })
  const won: string[] = []
  for (let begin = 0; begin < keys; begin += GROUP) {
    const group = Array.from({ length: GROUP }, (_, index) => `jti-${begin + index}`)
    const results = await Promise.all(group.map((key) => store.replay.once({ key, now, expiresAt: now + 300 })))
    const mine = group.filter((_, index) => results[index])
    won.push(...mine)
    if (endless) process.send?.(mine)
  }
  process.send?.(won)
  await store.close()
  process.disconnect?.()
}

await main(JSON.parse(process.argv[2] ?? '{}') as WriterTask)
