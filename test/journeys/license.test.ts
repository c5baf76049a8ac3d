import { LIMITS } from '../limits.ts'
import { expect, test } from '../support/journey.ts'

test('a basic user sees what the plan lacks, and the API answers 403 if it is asked directly', async ({ page, demo, signIn, picture }) => {
  await signIn('basic')
  await expect(page.getByText('Revenue', { exact: true }).first()).toBeVisible()
  await expect(page.locator('[data-stile-card=upgrade]')).toHaveCount(2)
  await expect(page.getByRole('button', { name: 'Export lines' })).toHaveCount(0)
  await picture('reports-basic')

  const cookies = await page.context().cookies()
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const response = await fetch(`${demo.urls.api}/api/lines`, { headers: { cookie } })
  expect(response.status).toBe(403)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  expect(await response.json()).toMatchObject({ type: 'urn:stile:problem:license_required', next: { tiers: ['pro', 'enterprise'] } })
})

test('without the login cookie the API names no level', async ({ demo }) => {
  const response = await fetch(`${demo.urls.api}/api/lines`)
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate') ?? '').not.toContain('acr_values')
})

test('a tier raised through the admin API changes the open page without a reload, and a lowered one takes it back', async ({
  page,
  signIn,
  license,
}) => {
  await signIn('basic')
  await expect(page.locator('[data-stile-card=upgrade]')).toHaveCount(2)
  await page.evaluate(() => {
    ;(window as unknown as { loadedOnce: boolean }).loadedOnce = true
  })

  await license('basic', { tier: 'pro', state: 'active' })
  await expect(page.getByRole('button', { name: 'Export lines' })).toBeVisible({ timeout: LIMITS.push })
  await expect(page.getByRole('button', { name: 'Set it up' })).toBeVisible()

  await license('basic', { tier: 'basic', state: 'active' })
  await expect(page.locator('[data-stile-card=upgrade]')).toHaveCount(2, { timeout: LIMITS.push })
  expect(await page.evaluate(() => (window as unknown as { loadedOnce: boolean }).loadedOnce)).toBe(true)
})

test('a suspended license closes what was open', async ({ page, signIn, license, demo }) => {
  await signIn('pro')
  await expect(page.getByText('Revenue and costs by month')).toBeVisible()
  await license('pro', { tier: 'pro', state: 'suspended' })
  await expect(page.getByTestId('decision-reports.view')).toContainText('deny', { timeout: LIMITS.push })
  const cookies = await page.context().cookies()
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  await expect.poll(async () => (await fetch(`${demo.urls.api}/api/reports`, { headers: { cookie } })).status).toBe(403)
})
