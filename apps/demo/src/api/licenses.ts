import { env } from '../shared/env.ts'
import { policy } from '../shared/policy.ts'
import { namedUsers, type User } from '../shared/users.ts'

/** What the demo's billing does: it writes licenses through the service's admin API, with a key that can do nothing else. */
async function admin(method: 'GET' | 'PUT', account: string, body?: unknown): Promise<Response> {
  return fetch(`${env.admin}/v1/admin/licenses/${encodeURIComponent(account)}`, {
    method,
    headers: { authorization: `Bearer ${env.licensesKey}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5000),
  })
}

/** Whether the policy has a tier of this name. */
export function isTier(tier: unknown): tier is string {
  return (policy.tiers as readonly unknown[]).includes(tier)
}

/** Puts an account on a tier. Throws if the service did not take it. */
export async function setTier(account: string, tier: string): Promise<void> {
  const response = await admin('PUT', account, { tier, state: 'active' })
  if (!response.ok) throw new Error(`The license was not changed: the service answered ${response.status}.`)
}

/** Gives each named user's account the license it starts with. Waits for the service to come up. */
export async function seedLicenses(): Promise<void> {
  for (const user of namedUsers()) {
    for (let wait = 100; !(await seedLicense(user)); wait = Math.min(wait * 2, 2000)) {
      await new Promise((resolve) => setTimeout(resolve, wait).unref())
    }
  }
}

/** Gives an account the license it starts with, and keeps one that is there already. Answers whether the account has one now. */
export async function seedLicense({ account, tier }: User): Promise<boolean> {
  try {
    const answer = await admin('GET', account)
    if (answer.status === 404) await setTier(account, tier)
    return answer.ok || answer.status === 404
  } catch {
    return false
  }
}

/** Whether somebody who has just signed in has a license to start with; a named user got it when the API started. */
export async function welcome(user: User): Promise<boolean> {
  return namedUsers().includes(user) || (await seedLicense(user))
}
