import { enrollTotp, expect, signInAgain, signOut, test, totp } from '../support/journey.ts'

test('a pro user enrols an authenticator app and exports with its code', async ({ page, signIn, signInWithApp, picture }) => {
  const secret = await signInWithApp('pro', { picture })
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  await expect(page.getByRole('table')).toContainText('Annual plan')

  // after signing in again nothing but the password is proven: the API challenges, the page answers, the request is repeated
  await signInAgain(page, signIn, 'pro')
  await page.getByLabel('Note for the file').fill('October')
  await page.getByRole('button', { name: 'Export lines' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await expect(dialog.getByLabel('6-digit code from your authenticator app')).toBeFocused()
  await picture('dialog-totp')
  await dialog.getByLabel('6-digit code').fill(await totp.next(secret))
  await expect(page.getByLabel('Exported lines')).toHaveValue(/October/)
  await expect(page.getByTestId('challenge')).toContainText('error="insufficient_user_authentication"')
  await expect(page.getByTestId('claims')).toHaveValue(/"acr": "urn:stile:acr:mfa"/)
})

test('a wrong code is refused in words, then the right one works', async ({ page, signIn, signInWithApp, picture, lines }) => {
  const secret = await signInWithApp('pro')
  await signInAgain(page, signIn, 'pro')

  await page.getByRole('button', { name: 'Confirm and continue' }).click()
  const code = page.getByRole('dialog').getByLabel('6-digit code')
  await code.fill('000000')
  await expect(page.getByRole('alert').filter({ hasText: 'That code isn’t right.' })).toBeVisible()
  await expect(page.getByRole('alert').filter({ hasText: '4 attempts left.' })).toBeVisible()
  await expect(code).toBeFocused()
  await picture('dialog-wrong-code')
  const right = await totp.next(secret)
  await code.fill(right)
  await expect(page.getByRole('table')).toContainText('Annual plan')

  expect(lines.join('\n')).not.toContain(right)
  expect(lines.join('\n')).not.toContain(secret)
})

test('cancelling loses nothing, and asking again works', async ({ page, signIn, signInWithApp }) => {
  const secret = await signInWithApp('pro')
  await signInAgain(page, signIn, 'pro')

  await page.getByLabel('Note for the file').fill('Typed before the prompt')
  await page.getByRole('button', { name: 'Export lines' }).click()
  await expect(page.getByRole('dialog').getByLabel('6-digit code')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByText('Not confirmed. Nothing was exported, and your note is still here.')).toBeVisible()
  await expect(page.getByLabel('Note for the file')).toHaveValue('Typed before the prompt')

  await page.getByRole('button', { name: 'Export lines' }).click()
  await page
    .getByRole('dialog')
    .getByLabel('6-digit code')
    .fill(await totp.next(secret))
  await expect(page.getByLabel('Exported lines')).toHaveValue(/Typed before the prompt/)
})

test('with the keyboard alone a user signs in, confirms and exports', async ({ page, demo, people, signInWithApp }) => {
  const secret = await signInWithApp('pro')
  await signOut(page)

  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab')
      const focused = await page.evaluate(() => {
        const element = document.activeElement === document.body ? null : (document.activeElement as HTMLElement | null)
        const labels =
          element && 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent) : []
        return [element?.textContent, element?.getAttribute('aria-label'), ...labels].filter(Boolean).join(' ')
      })
      if (focused.includes(name)) return
    }
    throw new Error(`The Tab key never reached "${name}".`)
  }
  await page.goto(demo.urls.web)
  await tabTo('User name')
  await page.keyboard.type(people.pro.name)
  await tabTo('Password')
  await page.keyboard.type('stile')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Reports' })).toBeVisible()

  await tabTo('Note for the file')
  await page.keyboard.type('By keyboard')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog').getByLabel('6-digit code')).toBeFocused()
  await page.keyboard.type(await totp.next(secret))
  await expect(page.getByLabel('Exported lines')).toHaveValue(/By keyboard/)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  // the focus is back in the form, not lost
  expect(await page.evaluate(() => document.activeElement?.closest('form') !== null)).toBe(true)
})

test('two tabs: what is proven in one is there in the other without a reload', async ({ page, context, demo, signIn }) => {
  await signIn('pro')
  const other = await context.newPage()
  await other.goto(demo.urls.web)
  await expect(other.getByTestId('decision-reports.export')).toContainText('enrol')

  await page.bringToFront()
  await page.getByRole('button', { name: 'Set it up' }).click()
  await enrollTotp(page)
  await expect(page.getByRole('table')).toBeVisible()

  await expect(other.getByTestId('decision-reports.export')).toContainText('permit')
  await expect(other.getByRole('table')).toContainText('Annual plan')
})
