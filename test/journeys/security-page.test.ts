import { enrollPasskey, enrollTotp, expect, goTo, hesitate, plugIn, test, totp } from '../support/journey.ts'
import { mailThat } from '../support/mailbox.ts'

test('a user looks after what is enrolled: adds a second way, renames one and removes one, with a mail for each', async ({
  page,
  demo,
  signIn,
  picture,
}) => {
  await signIn('pro')
  const prompt = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await page.getByRole('button', { name: 'Security' }).click()
  await expect(page.getByText('Nothing yet.')).toBeVisible()
  await picture('security-empty')

  await page.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  const plugged = await plugIn(page)
  await enrollPasskey(page)
  await expect(page.getByRole('listitem').filter({ hasText: 'Passkey, safe from phishing' })).toBeVisible()

  // the passkey was just used to enrol, and is asked for again: each change is confirmed by itself
  await page.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  await hesitate(plugged, true)
  await page.getByRole('dialog').getByRole('button', { name: 'Add an authenticator app' }).click()
  await expect(prompt).toHaveAccessibleDescription(/^Add an authenticator app\..*Follow the prompt/)
  await picture('dialog-operation-add')
  await hesitate(plugged, false)
  // whoever meant something else leaves, and nothing was added
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  await enrollTotp(page)
  await expect(page.getByRole('listitem').filter({ hasText: 'Authenticator app, a second factor' })).toBeVisible()

  await page.getByRole('button', { name: 'Rename Authenticator app' }).click()
  await page.getByLabel('New name').fill('Old phone')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Old phone', { exact: true })).toBeVisible()
  await picture('security')

  await page.getByRole('button', { name: 'Remove Old phone' }).click()
  await hesitate(plugged, true)
  await page.getByRole('button', { name: 'Yes, remove' }).click()
  await expect(prompt).toHaveAccessibleDescription(/^Remove Old phone\..*Follow the prompt/)
  await picture('dialog-operation-remove')
  await expect(page.getByText('Old phone', { exact: true })).toHaveCount(1)
  await hesitate(plugged, false)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Remove Old phone' }).click()
  await page.getByRole('button', { name: 'Yes, remove' }).click()
  await expect(page.getByText('Old phone', { exact: true })).toHaveCount(0)

  await page.getByRole('button', { name: 'Remove Passkey' }).click()
  await expect(page.getByText('This is your last way to confirm it’s you.')).toBeVisible()
  await picture('security-last')
  await page.getByRole('button', { name: 'Keep' }).click()

  for (const notice of [/passkey[^.]* added/i, /authenticator app[^.]* added/i, /removed/i]) await mailThat(page, demo, notice)
  await goTo(page, 'Inbox')
  await picture('inbox-notices')
})

test('a new browser must prove an enrolled factor before it may add one of its own', async ({ browser, demo, signIn, signInWithApp }) => {
  await signInWithApp('pro')

  // an attacker who has only the password uses another browser
  const other = await (await browser.newContext()).newPage()
  await other.goto(demo.urls.web)
  await signIn('pro', other)
  await expect(other.getByText('Context risk:')).toContainText('elevated')
  await other.getByRole('button', { name: 'Security' }).click()
  await other.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  await other.getByRole('dialog').getByRole('button', { name: 'Add an authenticator app' }).click()
  await expect(other.getByRole('dialog', { name: 'Confirm it’s you' }).getByLabel('6-digit code')).toBeVisible()
  await other.keyboard.press('Escape')
  await expect(other.getByRole('listitem').filter({ hasText: 'Authenticator app, a second factor' })).toHaveCount(1)
})

test('a user sees where they are signed in, and signs a lost browser out and forgets it', async ({
  page,
  browser,
  demo,
  signIn,
  signInWithApp,
  picture,
}) => {
  const secret = await signInWithApp('pro')

  const lost = await (await browser.newContext()).newPage()
  await lost.goto(demo.urls.web)
  await signIn('pro', lost)
  await goTo(lost, 'Security')
  const devices = page.getByRole('region', { name: 'Your devices' })
  await goTo(page, 'Security')
  await expect(devices.getByRole('listitem')).toHaveCount(2)
  await expect(devices.getByRole('listitem').filter({ hasText: 'This one. Known to be yours.' })).toHaveCount(1)
  await picture('security-devices')

  await devices.getByRole('button', { name: /^Sign out and forget/ }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Confirm it’s you' })).toHaveAccessibleDescription(/^Sign out and forget Chrome on Linux\./)
  await picture('dialog-operation-forget')
  await page
    .getByRole('dialog')
    .getByLabel('6-digit code')
    .fill(await totp.next(secret))
  await expect(devices.getByRole('listitem')).toHaveCount(1)
  await lost.bringToFront()
  await expect(lost.getByText('Your session was ended. Sign in again.')).toBeVisible()
})
