import type { FactsDomain } from '../options/domain.ts'
import { sendNotices } from './send-notices.ts'

/** How often the outbox is looked at, in milliseconds: people hear of a change while they can still act. */
const ROUND_MILLISECONDS = 1000

/** Sends notices while the service runs. */
export type Postman = Readonly<{
  /** Ends the rounds; resolves when the present one is over. */
  stop(): Promise<void>
}>

/** Looks at the outbox again and again; a round that fails is reported, and the next one tries again. */
export function createPostman(domain: FactsDomain, report: (fault: unknown) => void): Postman {
  let stopped = false
  let round: Promise<void> | undefined
  const timer = setInterval(() => {
    round ??= sendNotices(domain, () => !stopped)
      .catch(report)
      .finally(() => {
        round = undefined
      })
  }, ROUND_MILLISECONDS).unref()
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      await round
    },
  }
}
