import { expect, signOut, test, totp } from '../support/journey.ts'

test('the page without a framework asks, proves and exports through the same API', async ({
  page,
  demo,
  people,
  signInWithApp,
  picture,
}) => {
  const secret = await signInWithApp('pro')
  await signOut(page)

  await page.goto(`${demo.urls.web}/vanilla.html`)
  await page.getByLabel('User name').fill(people.pro.name)
  await page.getByLabel('Password').fill('stile')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('Note for the file').fill('No framework')
  await page.getByRole('button', { name: 'Export lines' }).click()
  await page
    .getByRole('dialog')
    .getByLabel('6-digit code')
    .fill(await totp.next(secret))
  await expect(page.getByLabel('Exported lines')).toHaveValue(/No framework/)
  await picture('vanilla')
})
