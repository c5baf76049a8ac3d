import { chromium } from '@playwright/test'
import { BROWSER_ARGS, findBrowser } from '../../../scripts/browser.ts'
import { LIMITS } from '../../limits.ts'
import { expect, signOut, test } from '../../support/journey.ts'

// What happens to a page while nobody looks at it: once somebody does, it is right again by itself.

test('another tab signs out: this one shows nothing of the user', async ({ page, context, demo, signInWithApp }) => {
  await signInWithApp('pro')
  await expect(page.getByRole('table')).toContainText('Annual plan')
  const other = await context.newPage()
  await other.goto(demo.urls.web)
  await signOut(other)
  await page.bringToFront()
  await expect(page.getByRole('table')).toHaveCount(0, { timeout: LIMITS.push })
})

test('another tab signs somebody else in: this one shows what is theirs', async ({ page, context, demo, people, signIn }) => {
  await signIn('basic')
  await expect(page.getByTestId('decision-reports.export')).toContainText('upgrade')
  const other = await context.newPage()
  await other.goto(demo.urls.web)
  // as at a sign-in page of its own: a new session takes the place of the one before
  await other.evaluate(
    async ([api, user]) => {
      const body = JSON.stringify({ user, password: 'stile' })
      await fetch(`${api}/api/login`, { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body })
    },
    [demo.urls.api, people.pro.name],
  )
  await other.reload()
  await expect(other.getByTestId('decision-reports.export')).toContainText('enrol')
  await page.bringToFront()
  await expect(page.getByTestId('decision-reports.export')).toContainText('enrol', { timeout: LIMITS.push })
})

test('the clock of the device is set while the page is open, and what is clicked goes through', async ({ page, signInWithApp }) => {
  await page.clock.install()
  await signInWithApp('pro')
  for (const [shift, note] of [
    [90, 'after 90 s'],
    [-7200, 'two hours back'],
    [7200, 'two hours on'],
  ] as const) {
    await page.clock.setSystemTime(Date.now() + shift * 1000)
    await page.getByLabel('Note for the file').fill(note)
    await page.getByRole('button', { name: 'Export lines' }).click()
    await expect(page.getByLabel('Exported lines')).toHaveValue(new RegExp(note))
  }
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('the storage of the site is cleared while the page is open: nothing holds it back, and the page works on', async ({
  page,
  signInWithApp,
}) => {
  await signInWithApp('pro')
  const outcome = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const asked = indexedDB.deleteDatabase('stile')
        for (const type of ['success', 'blocked', 'error']) asked.addEventListener(type, () => resolve(type))
      }),
  )
  expect(outcome).toBe('success')
  await page.evaluate(() => sessionStorage.clear())
  await page.getByLabel('Note for the file').fill('Cleared')
  await page.getByRole('button', { name: 'Export lines' }).click()
  await expect(page.getByLabel('Exported lines')).toHaveValue(/Cleared/)
})

test('the laptop has slept: what changed meanwhile is there a second after it wakes', async ({ page, context, signIn, license }) => {
  await signIn('basic')
  await expect(page.getByTestId('decision-reports.export')).toContainText('upgrade')
  const cdp = await context.newCDPSession(page)
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' })
  await context.setOffline(true)
  await license('basic', { tier: 'pro', state: 'active' })
  await context.setOffline(false)
  await cdp.send('Page.setWebLifecycleState', { state: 'active' })
  await expect(page.getByTestId('decision-reports.export')).toContainText('enrol', { timeout: LIMITS.push })
})

test('the browser’s history brings the page back as it was left (bfcache): what changed meanwhile is there', async ({
  demo,
  signIn,
  license,
}) => {
  const executablePath = findBrowser()
  const browser = await chromium.launch({
    args: BROWSER_ARGS,
    // Playwright keeps it off, because pages that are restored so are no new ones
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    ...(executablePath ? { executablePath } : {}),
  })
  const page = await browser.newPage({ locale: 'en-GB' })
  await signIn('basic', page)
  await expect(page.getByTestId('decision-reports.export')).toContainText('upgrade')
  await page.evaluate(() => {
    addEventListener('pageshow', ({ persisted }) => {
      document.title = `restored: ${persisted}`
    })
  })
  await page.goto(`${demo.urls.idp}/nothing-here`)
  await license('basic', { tier: 'pro', state: 'active' })
  // Playwright would wait for a page to load
  await page.evaluate(() => history.back())
  await expect(page).toHaveTitle('restored: true')
  await expect(page.getByTestId('decision-reports.export')).toContainText('enrol', { timeout: LIMITS.push })
  await browser.close()
})
