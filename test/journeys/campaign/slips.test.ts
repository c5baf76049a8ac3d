import type { Locator, Page } from '@playwright/test'
import { enrollPasskey, enrollTotp, expect, goTo, hesitate, plugIn, signInAgain, test, totp, waitAnHour } from '../../support/journey.ts'
import { mailThat } from '../../support/mailbox.ts'

/** What is pressed sooner after a view has changed was meant for the one before, and does nothing. */
const SETTLED_MS = 350
/** What cannot be taken back: a guess, a code or link that is used, codes that end others, a password, what is removed. */
const SPENDS = /\/attempts$|\/v1\/recovery(\/codes)?$|\/api\/confirm-password$/

/** A view, and how its slips end. */
type View = Readonly<{
  /** Opens it with double clicks alone; answers something that only this view has. */
  open: () => Promise<Locator>
  /** What the alert says to an Enter. Default: nothing, and it is not looked at. */
  alert?: string
}>

/** Lists what the page spends from now on. */
function watchSpending(page: Page): string[] {
  const spent: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (request.method() === 'DELETE' || (request.method() === 'POST' && SPENDS.test(pathname)))
      spent.push(`${request.method()} ${pathname}`)
  })
  return spent
}

async function pressTwice(page: Page, key: string): Promise<void> {
  await page.waitForTimeout(SETTLED_MS)
  await page.keyboard.press(key)
  await page.keyboard.press(key)
}

/** In one view: Enter twice, Enter held down, Escape twice, and a reload. It opens again after each. */
async function slip(page: Page, { open, alert }: View): Promise<void> {
  const dialog = page.getByRole('dialog')
  const own = await open()
  await pressTwice(page, 'Enter')
  if (alert) {
    await expect(dialog.getByRole('alert')).toHaveText(alert)
    await expect(own).toBeFocused()
  }
  await page.waitForTimeout(SETTLED_MS)
  for (let repeats = 0; repeats < 20; repeats++) await page.keyboard.down('Enter')
  await page.keyboard.up('Enter')

  await pressTwice(page, 'Escape')
  await expect(dialog).toHaveCount(0)
  await open()
  await page.reload()
  await open()
  await pressTwice(page, 'Escape')
  await expect(dialog).toHaveCount(0)
}

test('threat: a slip of the hand spends a guess, a code or a step-up, or leaves the user with nothing', async ({ page, demo, signIn }) => {
  const plugged = await plugIn(page)
  await signIn('pro')
  await goTo(page, 'Security')
  await page.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  await enrollPasskey(page)
  await page.getByRole('button', { name: 'Add a way to confirm it’s you' }).click()
  const secret = await enrollTotp(page)
  await signInAgain(page, signIn, 'pro')
  await waitAnHour(page)
  await hesitate(plugged, true)

  const dialog = page.getByRole('dialog')
  const another = dialog.getByRole('button', { name: 'Use another way' })
  const app = dialog.getByRole('button', { name: 'Use your authenticator app' })
  const ask = async () => {
    await goTo(page, 'Settings')
    await page.getByRole('button', { name: 'Save contact' }).dblclick()
    await expect(another).toBeVisible()
  }
  const openChoice = async () => {
    await ask()
    await another.dblclick()
    await expect(app).toBeVisible()
    return app
  }
  const openWay = async (name: string, field: string) => {
    await openChoice()
    await dialog.getByRole('button', { name }).dblclick()
    await expect(dialog.getByLabel(field)).toBeVisible()
    // on a busy machine the view comes between the two clicks, and the second is beside its field
    await dialog.getByLabel(field).focus()
    return dialog.getByLabel(field)
  }
  const views: readonly (View & Readonly<{ name: string }>)[] = [
    { name: 'the choice', open: openChoice },
    {
      name: 'a passkey',
      open: async () => {
        await openChoice()
        await dialog.getByRole('button', { name: 'Use a passkey' }).dblclick()
        const prompt = dialog.getByText('Follow the prompt from your browser or device.')
        await expect(prompt).toBeVisible()
        return prompt
      },
    },
    {
      name: 'a code of the app',
      open: () => openWay('Use your authenticator app', '6-digit code from your authenticator app'),
      alert: 'Enter all 6 digits.',
    },
    { name: 'a code by mail', open: () => openWay('Get a code by email', '6-digit code from the email'), alert: 'Enter all 6 digits.' },
    { name: 'the password', open: () => openWay('Sign in again', 'Password'), alert: 'Enter your password.' },
  ]
  const spent = watchSpending(page)
  for (const view of views) await test.step(view.name, () => slip(page, view))
  // half a code, and what is none, however often it is sent
  const code = await openWay('Use your authenticator app', '6-digit code from your authenticator app')
  for (const typed of ['12345', 'abc', '１２３']) {
    await code.fill(typed)
    await pressTwice(page, 'Enter')
    await expect(dialog.getByRole('alert')).toHaveText('Enter all 6 digits.')
  }
  expect(spent).toEqual([])

  // nothing was spent: all guesses are left, and the right one is taken
  await code.fill('000000')
  await expect(dialog.getByRole('alert')).toHaveText('That code isn’t right. 4 attempts left.')
  await code.fill(await totp.next(secret))
  await expect(page.getByText('Saved.')).toBeVisible()
  await mailThat(page, demo, /\b\d{6}\b/)
})

test('threat: a slip of the hand loses recovery codes, or wastes one, a link or what is being set up', async ({
  page,
  demo,
  people,
  signIn,
}) => {
  await hesitate(await plugIn(page), true)
  await signIn('pro')
  const dialog = page.getByRole('dialog')
  const add = page.getByRole('button', { name: 'Add a way to confirm it’s you' })
  const openChoice = async () => {
    await goTo(page, 'Security')
    await add.dblclick()
    const app = dialog.getByRole('button', { name: 'Add an authenticator app' })
    await expect(app).toBeVisible()
    return app
  }
  const openSecret = async () => {
    await (await openChoice()).dblclick()
    await expect(dialog.getByLabel('6-digit code')).toBeFocused()
    return dialog.getByLabel('6-digit code')
  }
  const spent = watchSpending(page)
  await test.step('the choice', () => slip(page, { open: openChoice }))
  await test.step('the QR code', () => slip(page, { open: openSecret, alert: 'Enter all 6 digits.' }))
  expect(spent).toEqual([])

  // it is enrolled when its name is asked for, whatever becomes of the name
  await openSecret()
  const secret = ((await dialog.locator('code').textContent()) ?? '').replaceAll(/\s/g, '')
  await dialog.getByLabel('6-digit code').fill(await totp.next(secret))
  await expect(page.getByRole('dialog', { name: 'All set' })).toBeVisible()
  await page.reload()
  const enrolled = page.getByRole('listitem').filter({ hasText: 'Authenticator app' })
  await expect(enrolled).toBeVisible()

  // codes that are shown once stay until they are put away
  await page.getByRole('button', { name: 'Make recovery codes' }).dblclick()
  const makeCodes = page.getByRole('dialog', { name: 'Save recovery codes' }).getByRole('button', { name: 'Make recovery codes' })
  await pressTwice(page, 'Escape')
  await expect(dialog).toHaveCount(0)
  await page.getByRole('button', { name: 'Make recovery codes' }).dblclick()
  await makeCodes.dblclick()
  await dialog.getByLabel('6-digit code').fill(await totp.next(secret))
  const shown = page.getByRole('dialog', { name: 'Your recovery codes' })
  await expect(shown.locator('code')).toHaveCount(10)
  const codes = await shown.locator('code').allTextContents()
  for (const key of ['Enter', 'Escape', ' ']) await pressTwice(page, key)
  const isAsked = page.waitForEvent('dialog')
  await page.evaluate(() => setTimeout(() => location.reload()))
  await (await isAsked).dismiss()
  expect(await shown.locator('code').allTextContents()).toEqual(codes)
  await shown.getByLabel('I’ve put them in a safe place').check()
  await shown.getByRole('button', { name: 'I’ve saved them' }).dblclick()
  await expect(page.getByText('You have 10 recovery codes left')).toBeVisible()

  const lost = page.getByRole('button', { name: 'Lost access to all of them?' })
  const openRecovery = async () => {
    await goTo(page, 'Security')
    await lost.dblclick()
    await expect(dialog.getByLabel('Recovery code')).toBeFocused()
    return dialog.getByLabel('Recovery code')
  }
  const before = spent.length
  await test.step('a recovery code', () => slip(page, { open: openRecovery }))
  expect(spent).toHaveLength(before)

  await demo.stile('subjects', 'recover', `demo|${people.pro.name}`)
  const { text } = await mailThat(page, demo, /stile-recovery=/)
  await page.goto(/http\S+#stile-recovery=[\w-]+/.exec(text)?.[0] ?? '')
  const setUp = page.getByRole('button', { name: 'Set it up' })
  const openLink = async () => {
    await setUp.dblclick()
    const next = dialog.getByRole('button', { name: 'Continue' })
    await expect(next).toBeVisible()
    return next
  }
  await openLink()
  await pressTwice(page, 'Escape')
  await expect(dialog).toHaveCount(0)
  await page.reload()
  await (await openLink()).dblclick()
  await standsAfterSlips(page, async () => setUp.dblclick())
})

/** After a code or link was used: leaving asks first, and what is left or loaded again goes on from there. */
async function standsAfterSlips(page: Page, reopen: () => Promise<void>): Promise<void> {
  const choice = page.getByRole('dialog').filter({ hasText: 'You’re back in.' })
  await expect(choice).toBeVisible()
  await page.waitForTimeout(SETTLED_MS)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog', { name: 'Leave without setting up a new way?' })).toBeVisible()
  // the second Escape of two stays, and so does an Enter
  await page.waitForTimeout(SETTLED_MS)
  await page.keyboard.press('Escape')
  await expect(choice).toBeVisible()
  await page.reload()
  await reopen()
  await expect(choice).toBeVisible()
}
