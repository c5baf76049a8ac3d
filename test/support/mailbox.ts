import { expect, type Page } from '@playwright/test'
import type { Demo } from '../../scripts/demo.ts'
import { LIMITS } from '../limits.ts'

/** A mail as it lies in the inbox of the person who is signed in. */
export type ReceivedMail = Readonly<{ id: string; from: string; subject: string; receivedAt: number; text: string }>

/** What has been delivered to the person who is signed in on the page, the newest first. */
export async function mailsOf(page: Page, demo: Demo): Promise<readonly ReceivedMail[]> {
  const response = await page.request.get(`${demo.urls.api}/api/demo/inbox`)
  return ((await response.json()) as { mails?: readonly ReceivedMail[] }).mails ?? []
}

/** Waits for a mail whose subject or text matches. */
export async function mailThat(page: Page, demo: Demo, matches: RegExp): Promise<ReceivedMail> {
  let found: ReceivedMail | undefined
  await expect(async () => {
    found = (await mailsOf(page, demo)).find(({ subject, text }) => matches.test(subject) || matches.test(text))
    expect(found, `a mail that matches ${matches}`).toBeDefined()
  }).toPass({ timeout: LIMITS.wait, intervals: [50, 100, 200] })
  return found as ReceivedMail
}
