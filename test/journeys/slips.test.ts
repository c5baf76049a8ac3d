import type { Locator, Page } from '@playwright/test'
import { enrollPasskey, enrollTotp, expect, goTo, hesitate, plugIn, signInAgain, test, totp, waitAnHour } from '../support/journey.ts'
import { mailThat } from '../support/mailbox.ts'

/** What is pressed sooner after a view has changed was meant for the one before, and does nothing. */
const SETTLED_MS = 350
/** What cannot be taken back: a guess, a code or link that is used, codes that end others, a password, what is removed. */
const SPENDS = /\/attempts$|\/v1\/recovery(\/codes)?$|\/api\/confirm-password$/

/** A view, and how its slips end. */
type View = Readonly<{
  name: string
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
    await expect(dialog.getByLabel(field)).toBeFocused()
    return dialog.getByLabel(field)
  }
  const views: readonly View[] = [
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
