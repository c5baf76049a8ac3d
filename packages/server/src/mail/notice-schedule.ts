import type { FactsDomain } from '../options/domain.ts'
import { sendNotices } from './send-notices.ts'

/** How often the outbox is read: people hear of a change while they can still act. */
const POLL_MS = 1000

/** Sends notices while the service runs. */
export type NoticeSchedule = Readonly<{
  /** Reads the outbox no more. Resolves when the mails that are being sent have been sent. */
  stop(): Promise<void>
}>

/** Sends what is in the outbox every second, one run at a time. A run that fails is reported, and the next one tries again. */
export function scheduleNotices(domain: FactsDomain, report: (fault: unknown) => void): NoticeSchedule {
  let stopped = false
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= sendNotices(domain, () => !stopped)
      .catch(report)
      .finally(() => {
        running = undefined
      })
  }, POLL_MS).unref()
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}
