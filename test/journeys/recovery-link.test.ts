import { enrollPasskey, expect, plugIn, test } from '../support/journey.ts'
import { mailThat } from '../support/mailbox.ts'

test('an administrator sends a link to the mailbox, which lets the user set up one new way', async ({
  page,
  demo,
  people,
  signInWithApp,
  picture,
}) => {
  await plugIn(page)
  await signInWithApp('pro')

  await demo.stile('subjects', 'recover', `demo|${people.pro.name}`)
  const { text } = await mailThat(page, demo, /stile-recovery=/)
  const link = /http\S+#stile-recovery=[\w-]+/.exec(text)?.[0] ?? ''
  expect(link).toContain(`${demo.urls.web}/recover#`)

  await page.goto(link)
  await expect(page.getByText('You opened a recovery link.')).toBeVisible()
  expect(page.url()).not.toContain('stile-recovery')
  await picture('recover-link')
  await page.getByRole('button', { name: 'Set it up' }).click()
  const dialog = page.getByRole('dialog', { name: 'Recover your account' })
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await enrollPasskey(page)
  await expect(page.getByRole('listitem').filter({ hasText: 'Passkey' })).toBeVisible()
  await expect(page.getByText('You opened a recovery link.')).toHaveCount(0)

  await page.goto(link)
  await page.getByRole('button', { name: 'Set it up' }).click()
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await expect(dialog.getByRole('alert')).toContainText('This link isn’t valid.')
})
