import { env } from '../shared/env.ts'
import { policy } from '../shared/policy.ts'
import { allUsers } from '../shared/users.ts'

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

/** Puts an account on a tier. Throws where the service did not take it. */
export async function setTier(account: string, tier: string): Promise<void> {
  const response = await admin('PUT', account, { tier, state: 'active' })
  if (!response.ok) throw new Error(`The license was not changed: the service answered ${response.status}.`)
}

/** Gives each account the license it starts with; one that is there already is kept. Waits for the service to come up. */
export async function seedLicenses(): Promise<void> {
  for (const { account, tier } of allUsers()) {
    for (let wait = 100; ; wait = Math.min(wait * 2, 2000)) {
      const answer = await admin('GET', account).catch(() => undefined)
      if (answer?.ok) break
      if (
        answer?.status === 404 &&
        (await setTier(account, tier).then(
          () => true,
          () => false,
        ))
      )
        break
      await new Promise((resolve) => setTimeout(resolve, wait).unref())
    }
  }
}
