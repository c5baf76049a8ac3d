import { expect, goTo, signInAgain, test, waitAnHour } from '../support/journey.ts'

test('threat: keys pressed twice, double clicks and half a code would cost guesses, codes by mail or the prompt', async ({
  page,
  signIn,
  signInWithApp,
}) => {
  await signInWithApp('pro')
  await signInAgain(page, signIn, 'pro')
  await waitAnHour(page)
  await goTo(page, 'Settings')
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (request.method() === 'POST' && pathname.includes('/v1/step-ups/')) asked.push(pathname.replace(/^.*step-ups\/[^/]+/, ''))
  })
  await page.getByRole('button', { name: 'Save contact' }).dblclick()
  const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
  const code = dialog.getByLabel('6-digit code')
  await expect(code).toBeFocused()

  for (const typed of ['', '12345', 'abc']) {
    await code.fill(typed)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await expect(dialog.getByRole('alert')).toHaveText('Enter all 6 digits.')
    await expect(code).toBeFocused()
  }

  // the second click would be on what has taken the place of the first
  for (let times = 0; times < 3; times++) {
    await dialog.getByRole('button', { name: 'Use another way' }).dblclick()
    const way = dialog.getByRole('button', { name: 'Use your authenticator app' })
    await expect(way).toBeVisible()
    await way.dblclick()
    await expect(code).toBeFocused()
  }

  // Enter is held down from view to view
  const another = dialog.getByRole('button', { name: 'Use another way' })
  await expect(another).toBeVisible()
  await another.focus()
  await page.waitForTimeout(350)
  for (let repeats = 0; repeats < 20; repeats++) await page.keyboard.down('Enter')
  await page.keyboard.up('Enter')
  const best = dialog.getByRole('button', { name: 'Use your authenticator app' })
  await expect(best).toBeFocused()
  await page.waitForTimeout(350)
  for (let repeats = 0; repeats < 20; repeats++) await page.keyboard.down('Enter')
  await page.keyboard.up('Enter')
  await expect(code).toBeFocused()
  expect(asked).toEqual([])

  // nothing was spent; a sentence is no code either, until it holds exactly one
  await code.fill('Your 2FA code is 00 00 00')
  await expect(dialog.getByRole('alert')).toHaveText('That code isn’t right. 4 attempts left.')
  expect(asked).toEqual(['/attempts'])
})
