import { readdirSync } from 'node:fs'
import { expect, type Page, test } from '@playwright/test'
import type { Shop } from '../fixtures/shop.ts'

const versions = readdirSync(new URL('../fixtures/', import.meta.url)).flatMap((name) => /^sdk-(\d+\.\d+\.\d+)$/.exec(name)?.[1] ?? [])

async function moveOn({ stack }: Shop, page: Page, seconds: number): Promise<void> {
  stack.clock.advance(seconds)
  await page.evaluate((by) => {
    ;(globalThis as unknown as { ahead: number }).ahead += by
  }, seconds)
  await stack.heard()
}

for (const version of versions)
  test(`the SDK of ${version} works with the service and guard of today`, async ({ page }) => {
    test.slow()
    // loaded here, because only the process that runs the test resolves packages from source
    const { startShop } = await import('../fixtures/shop.ts')
    const shop = await startShop(version)
    try {
      const code = await shop.enrolApp()
      const cdp = await page.context().newCDPSession(page)
      await cdp.send('WebAuthn.enable')
      await cdp.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      })

      // the state, and a device key of its own
      await page.goto(shop.origin)
      await expect(page.locator('#state')).toContainText('ready')
      await expect(page.locator('#state')).toContainText('reports.export: step_up')

      // a challenge, a step-up with a code, and the request once more
      await moveOn(shop, page, 30)
      await page.getByRole('button', { name: 'Export', exact: true }).click()
      await page.getByRole('dialog').getByLabel('6-digit code').fill(code())
      await expect(page.getByRole('status').filter({ hasText: 'served /export' })).toBeVisible()
      expect(shop.served).toEqual(['/export the same body twice'])
      expect(shop.asked.get('/export')).toBe(2)
      await expect(page.locator('#state')).toContainText('reports.export: permit')

      // a passkey, enrolled and used
      // it knows of no operation, so that its step-up is for the enrolment that it has begun
      await moveOn(shop, page, 30)
      await page.getByRole('button', { name: 'Add a passkey' }).click()
      await page.getByRole('dialog').getByLabel('6-digit code').fill(code())
      await expect(page.getByRole('status').filter({ hasText: 'enrolment: done' })).toBeVisible()
      await moveOn(shop, page, 130)
      await page.getByRole('button', { name: 'Pay' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'served /payouts' })).toBeVisible()
      expect(shop.served.at(-1)).toBe('/payouts the same body twice')

      // a license that changes reaches the page over the stream
      await shop.stack.license('acme', { tier: 'basic', state: 'active' })
      await expect(page.locator('#state')).toContainText('payouts.approve: upgrade')
      await page.getByRole('button', { name: 'Pay' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'refused: 403' })).toBeVisible()
      expect(shop.served).toHaveLength(2)
    } finally {
      await shop.close()
    }
  })
