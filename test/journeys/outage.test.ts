import { enrollTotp, expect, test } from '../support/journey.ts'

test('with the service stopped the basic report still opens, export says what is wrong, and both recover by themselves', async ({
  page,
  demo,
  signIn,
  picture,
}) => {
  test.slow()
  await signIn('pro')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await enrollTotp(page)
  await expect(page.getByRole('table')).toBeVisible()

  await demo.part('service').stop()
  await page.reload()
  // needs no more than the login: decided by the guard from what it knows
  await expect(page.getByText('Revenue and costs by month')).toBeVisible()
  // needs more: the page says so, and offers to try again
  await expect(page.locator('[data-stile-card=error]').first()).toBeVisible({ timeout: 20_000 })
  await picture('service-stopped')
  await expect(page.getByRole('table')).toHaveCount(0)

  await demo.start('service')
  await expect(page.getByRole('table')).toContainText('Annual plan', { timeout: 30_000 })
  await page.getByRole('button', { name: 'Export lines' }).click()
  await expect(page.getByLabel('Exported lines')).toHaveValue(/Annual plan/)
})
