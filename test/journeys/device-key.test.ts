import { createHash } from 'node:crypto'
import type { Page } from '@playwright/test'
import { expect, goTo, test } from '../support/journey.ts'

/** Types the password where the product asks for it, and looks at why it does. */
async function givePasswordBecause(page: Page, why: RegExp, picture?: (name: string) => Promise<void>): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  const other = dialog.getByRole('button', { name: 'Use another way' })
  await other.click()
  await dialog.getByRole('button', { name: 'Sign in again' }).click()
  const password = page.getByRole('dialog', { name: 'Enter your password to continue' })
  await expect(password.getByText(why)).toBeVisible()
  await picture?.('dialog-password-lost-key')
  await password.getByLabel('Password').fill('stile')
  await password.getByRole('button', { name: 'Confirm' }).click()
}

async function saveContact(page: Page): Promise<void> {
  await goTo(page, 'Settings')
  await page.getByLabel('Billing contact').fill('Typed before I was asked')
  await page.getByRole('button', { name: 'Save contact' }).click()
}

/** Takes down the device keys that a page shows the service. */
function keysOf(page: Page): Set<string> {
  const keys = new Set<string>()
  page.on('request', (request) => {
    const proof = request.headers().dpop
    if (!proof) return
    const { jwk } = JSON.parse(Buffer.from(proof.split('.')[0] ?? '', 'base64url').toString())
    const { crv, kty, x, y } = jwk
    keys.add(createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url'))
  })
  return keys
}

/** Has the browser refuse IndexedDB, as it does where a user or an administrator lets a site keep nothing. */
const refuseStorage = () =>
  Object.defineProperty(window, 'indexedDB', {
    get: () => {
      throw new DOMException('The user denied permission to access the database.', 'SecurityError')
    },
  })

test('a browser that has lost its key goes on once its user has signed in again, and says why', async ({ page, signIn, picture }) => {
  await signIn('basic')
  await expect(page.getByTestId('decision-contact.change')).toContainText('permit')
  const before = keysOf(page)
  await page.reload()
  await expect(page.getByTestId('decision-contact.change')).toContainText('permit')

  // what "clear site data" takes, but for the cookie
  const cdp = await page.context().newCDPSession(page)
  const { origin } = new URL(page.url())
  await page.goto('about:blank')
  await cdp.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb,local_storage' })
  const [key] = [...before]
  before.clear()
  await page.goto(origin)
  await expect(page.getByTestId('decision-contact.change')).toContainText('step up')
  expect(before).not.toContain(key)

  await saveContact(page)
  await givePasswordBecause(page, /^We need your sign-in once more on this browser/, picture)
  await expect(page.getByText('Saved.')).toBeVisible()
  await expect(page.getByLabel('Billing contact')).toHaveValue('Typed before I was asked')
})

test('a browser that stores no key has one for all its tabs and through reloads, and its user signs in as everybody does', async ({
  page,
  context,
  signIn,
}) => {
  await context.addInitScript(refuseStorage)
  const keys = keysOf(page)
  await signIn('basic')
  await expect(page.getByTestId('decision-contact.change')).toContainText('permit')
  expect(keys.size).toBe(1)

  await page.reload()
  await expect(page.getByTestId('decision-contact.change')).toContainText('permit')
  expect(keys.size).toBe(1)
  expect(await page.evaluate(() => history.state)).toBe(null)

  const second = await context.newPage()
  const keysOfSecond = keysOf(second)
  await second.goto(page.url())
  await expect(second.getByTestId('decision-contact.change')).toContainText('permit')
  expect(keysOfSecond).toEqual(keys)

  // the first tab is gone, and the second still knows the key
  await page.close()
  await second.reload()
  await expect(second.getByTestId('decision-contact.change')).toContainText('permit')
  expect(keysOfSecond.size).toBe(1)
})

test('the app and its back office share one login and have a key each: each is asked for the password once', async ({
  page,
  running,
  signIn,
}) => {
  await signIn('basic')
  const appKeys = keysOf(page)
  await page.reload()
  await expect(page.getByTestId('decision-contact.change')).toContainText('permit')

  const office = await page.context().newPage()
  const officeKeys = keysOf(office)
  await office.goto(running.backOffice)
  await expect(office.getByTestId('decision-contact.change')).toContainText('step up')
  expect(officeKeys.size).toBe(1)
  expect(officeKeys).not.toEqual(appKeys)
  await saveContact(office)
  await givePasswordBecause(office, /^We need your sign-in once more on this browser/)
  await expect(office.getByText('Saved.')).toBeVisible()

  // each login stays with its key
  await office.reload()
  await expect(office.getByTestId('decision-contact.change')).toContainText('permit')
  await page.reload()
  await expect(page.getByTestId('decision-contact.change')).toContainText('permit')
})
