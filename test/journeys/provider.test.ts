import type { Page } from '@playwright/test'
import { confirmWithPhone, signInAtProvider } from '../support/identity-provider.ts'
import { expect, goTo, test } from '../support/journey.ts'

/** Opens the prompt of the gate on Reports; answers the window in which the identity provider asks. */
async function openProvider(page: Page): Promise<Page> {
  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Confirm and continue' }).click()
  return opened
}

test('a user signs in with the identity provider, and out of both', async ({ page, demo, people, signInElsewhere, picture }) => {
  await page.goto(demo.urls.web)
  await picture('sign-in')
  await signInElsewhere('pro', { picture })
  await expect(page.getByTestId('claims')).toHaveValue(new RegExp(`"sub": "sso\\|${people.pro.name.replace('+', '\\+')}"`))

  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.goto(`${demo.urls.idp}/account`)
  await expect(page.getByRole('heading', { name: 'Not signed in' })).toBeVisible()
})

test('who has a second factor at the identity provider confirms there, and is not made to enrol another', async ({
  page,
  people,
  signInElsewhere,
  picture,
}) => {
  await signInElsewhere('pro')
  await expect(page.getByTestId('decision-reports.export')).toContainText('step up')
  const popup = await openProvider(page)
  await picture('dialog-provider')
  await signInAtProvider(popup, people.pro)
  await confirmWithPhone(popup, { picture: (name) => picture(name, popup) })
  await expect(page.getByRole('table')).toContainText('Annual plan')
  await expect(page.getByTestId('claims')).toHaveValue(/"acr": "urn:stile:acr:mfa"/)
  expect(popup.isClosed()).toBe(true)

  await goTo(page, 'Security')
  await expect(page.getByText('Your sign-in at Quarterly ID is all that protects this account.')).toBeVisible()
})

test('with popups blocked the page goes there and comes back with what was typed', async ({ page, people, signInElsewhere }) => {
  // what a browser answers that blocks them
  await page.addInitScript(() => {
    window.open = () => null
  })
  await signInElsewhere('pro')
  await page.getByLabel('Note for the file').fill('Typed before I left')
  await page.getByRole('button', { name: 'Export lines' }).click()
  // no window opened by itself, so the user is asked to begin
  await page.getByRole('button', { name: /Sign in again at/ }).click()
  await signInAtProvider(page, people.pro)
  await confirmWithPhone(page)
  await expect(page.getByRole('heading', { name: 'Reports' })).toBeVisible()
  await expect(page.getByLabel('Note for the file')).toHaveValue('Typed before I left')
  await page.getByRole('button', { name: 'Export lines' }).click()
  await expect(page.getByLabel('Exported lines')).toHaveValue(/Typed before I left/)
})

test('closing the window proves nothing, and asking again works', async ({ page, people, signInElsewhere, picture }) => {
  await signInElsewhere('pro')
  const popup = await openProvider(page)
  await expect(popup.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await popup.close()
  await expect(page.getByRole('alert').filter({ hasText: /^The sign-in window was closed|^You weren’t signed in/ })).toBeVisible()
  await picture('dialog-provider-closed')
  await expect(page.getByRole('table')).toHaveCount(0)

  const opened = page.waitForEvent('popup')
  await page.getByRole('button', { name: /Sign in again at/ }).click()
  const again = await opened
  await signInAtProvider(again, people.pro)
  await confirmWithPhone(again)
  await expect(page.getByRole('table')).toContainText('Annual plan')
})

test('threat: somebody else signs in at the identity provider in the window of the subject', async ({
  page,
  people,
  signInElsewhere,
  picture,
}) => {
  await signInElsewhere('pro')
  const popup = await openProvider(page)
  await signInAtProvider(popup, people.enterprise)
  await confirmWithPhone(popup)
  await expect(popup.getByText('You signed in as somebody else.')).toBeVisible()
  await picture('signed-in-again-refused', popup)
  // the click itself may find the window gone
  await popup
    .getByRole('link', { name: 'Close this window' })
    .click()
    .catch(() => undefined)
  await expect.poll(() => popup.isClosed()).toBe(true)
  await expect(page.getByRole('table')).toHaveCount(0)
  await expect(page.getByTestId('decision-reports.export')).not.toContainText('permit')
})

test('signing out at the identity provider ends the page that was signed in with it', async ({
  page,
  context,
  demo,
  signInElsewhere,
  picture,
}) => {
  await signInElsewhere('pro')
  const account = await context.newPage()
  await account.goto(`${demo.urls.idp}/account`)
  await picture('provider-account', account)
  await account.getByRole('button', { name: 'Sign out everywhere' }).click()
  await picture('provider-sign-out', account)
  await account.getByRole('button', { name: 'Sign out' }).click()
  await expect(account.getByRole('heading', { name: 'Signed out' })).toBeVisible()

  await page.bringToFront()
  await expect(page.getByText('Your session was ended. Sign in again.')).toBeVisible()
})

test('a session that support has ended goes on in the page, with one sign-in at the identity provider', async ({
  page,
  demo,
  people,
  signInElsewhere,
  picture,
}) => {
  await signInElsewhere('pro')
  await page.getByLabel('Note for the file').fill('Typed before it ended')
  const key = await demo.stile('keys', 'create', '--name', 'support', '--scope', 'sessions:write', '--ttl', '1d')
  const subject = encodeURIComponent(`sso|${people.pro.name}`)
  const ended = await fetch(`${demo.urls.admin}/v1/admin/sessions/${subject}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${key.trim().split('\n').at(-1)}` },
  })
  expect(ended.status).toBe(204)

  const card = page.locator('[data-stile-card=ended]').first()
  await expect(card).toBeVisible()
  await picture('session-ended')
  const opened = page.waitForEvent('popup')
  await card.getByRole('button', { name: 'Sign in again' }).click()
  await signInAtProvider(await opened, people.pro)
  await expect(page.locator('[data-stile-card=step_up]')).toBeVisible()
  await expect(page.locator('[data-stile-card=ended]')).toHaveCount(0)
})
