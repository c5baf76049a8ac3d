import { expect, type Page } from '@playwright/test'
import type { DemoPerson } from './people.ts'

type SignInAtProvider = Readonly<{
  /** Looks at each page on the way. */
  picture?: (name: string) => Promise<void>
}>

/** Signs in on the identity provider's pages: the password, and no phone. The page then goes back where it came from. */
export async function signInAtProvider(page: Page, { name }: DemoPerson, { picture }: SignInAtProvider = {}): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await picture?.('provider-sign-in')
  await page.getByLabel('User name').fill(name)
  await page.getByLabel('Password').fill('stile')
  await page.getByRole('button', { name: 'Continue' }).click()
}

/** Types the code that the phone would show. */
export async function confirmWithPhone(page: Page, { picture }: SignInAtProvider = {}): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Confirm with your phone' })).toBeVisible()
  await picture?.('provider-phone')
  const shown = await page.getByText('It would show:').textContent()
  await page.getByLabel('Code from your phone').fill(/\d{3} \d{3}/.exec(shown ?? '')?.[0] ?? '')
  await page.getByRole('button', { name: 'Continue' }).click()
}
