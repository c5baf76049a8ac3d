import { expect, test } from '../support/journey.ts'

test('an API that asks for nonces: a page that has none yet repeats its call by itself, and nobody is prompted', async ({
  page,
  demo,
  signInWithApp,
}) => {
  await signInWithApp('pro')
  await expect(page.getByRole('table')).toContainText('Annual plan')
  // the page forgets its nonces, and its tokens prove enough
  await page.reload()
  const answers: string[] = []
  page.on('response', async (response) => {
    if (new URL(response.url()).origin !== new URL(demo.urls.api).origin || !response.request().headers().dpop) return
    const code = (await response.headerValue('www-authenticate'))?.match(/error="(\w+)"/)?.[1]
    answers.push(code ?? String(response.status()))
  })
  await page.getByLabel('Note for the file').fill('With a nonce')
  await page.getByRole('button', { name: 'Export lines' }).click()
  await expect(page.getByLabel('Exported lines')).toHaveValue(/With a nonce/)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(answers.at(-1)).toBe('200')
  expect(answers).not.toContain('insufficient_user_authentication')
  await page.getByRole('button', { name: 'Export lines' }).click()
  await expect.poll(() => answers.filter((each) => each === '200').length).toBeGreaterThan(1)
  // asked for once, however many calls were made
  expect(new Set(answers)).toEqual(new Set(['use_dpop_nonce', '200']))
})

test('a page that is loaded asks the service for its first nonce, so that no refusal of it stands in the console', async ({
  page,
  demo,
  signInWithApp,
}) => {
  await signInWithApp('pro')
  await expect(page.getByRole('table')).toContainText('Annual plan')
  const errors: string[] = []
  page.on('console', (message) => {
    const { url } = message.location()
    if (message.type() === 'error' && url.startsWith(demo.urls.service)) errors.push(`${message.text()} ${url}`)
  })
  const state = page.waitForResponse((response) => response.url().startsWith(`${demo.urls.service}/v1/state`))
  await page.reload()
  expect((await state).status()).toBe(200)
  await expect(page.getByRole('table')).toContainText('Annual plan')
  expect(errors).toEqual([])
})
