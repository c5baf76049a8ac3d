import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, type CDPSession, expect, type Page } from '@playwright/test'
import { type Demo, freePort, startDemo } from '../../scripts/demo.ts'

export { expect }

/** The three who can sign in to the demo, one per tier. */
export type DemoUser = 'basic' | 'pro' | 'enterprise'

type Fixtures = {
  /** Service, API and pages as processes of their own on free ports with an empty database. */
  demo: Demo
  /** Lines that the parts have printed so far. */
  lines: string[]
  signIn: (user: DemoUser, page?: Page) => Promise<void>
  /** Sets an account's license through the admin API. */
  license: (account: string, body: Record<string, unknown>) => Promise<void>
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from the pattern
  lines: async ({}, use) => {
    await use([])
  },
  demo: async ({ lines }, use, info) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'stile-journey-'))
    const [service, admin, api, web] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
    const demo = await startDemo({
      ports: { service, admin, api, web },
      dataDir,
      onLine: (part, line) => lines.push(`${part}: ${line}`),
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${lines.join('\n')}`)
    })
    await use(demo)
    await demo.stop()
    if (info.status !== info.expectedStatus) await info.attach('parts.log', { body: lines.join('\n') })
    rmSync(dataDir, { recursive: true, force: true })
  },
  signIn: async ({ demo, page }, use) => {
    await use(async (user, on = page) => {
      await on.goto(demo.urls.web)
      await on.getByLabel('User name').fill(user)
      await on.getByLabel('Password').fill('stile')
      await on.getByRole('button', { name: 'Sign in' }).click()
      await expect(on.getByRole('heading', { name: 'Reports' })).toBeVisible()
    })
  },
  license: async ({ demo }, use) => {
    await use(async (account, body) => {
      const response = await fetch(`${demo.urls.admin}/v1/admin/licenses/${encodeURIComponent(account)}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${demo.keys.licenses}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      expect(response.ok, await response.clone().text()).toBe(true)
    })
  },
})

/** Plugs a virtual authenticator into the page (CDP WebAuthn): one with user verification, like a phone or a laptop has. */
export async function plugIn(page: Page, options: { userVerified?: boolean } = {}): Promise<{ cdp: CDPSession; authenticatorId: string }> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: options.userVerified ?? true,
      automaticPresenceSimulation: true,
    },
  })
  return { cdp, authenticatorId }
}

/**
 * The TOTP code of a base32 secret at a time, by a generator that shares nothing with the service: `oathtool` where it is installed, else
 * a few lines after RFC 6238.
 */
export function totp(secret: string, atSeconds: number = Math.floor(Date.now() / 1000)): string {
  try {
    return execFileSync('oathtool', ['--totp', '-b', '-N', `@${atSeconds}`, secret], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    const bits = [...secret.replace(/=+$/, '')]
      .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
      .join('')
    const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(Math.floor(atSeconds / 30)))
    const mac = createHmac('sha1', key).update(counter).digest()
    return String((mac.readUInt32BE((mac[19] ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
  }
}
