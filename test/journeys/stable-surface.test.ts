import type { Page } from '@playwright/test'
import { LIMITS } from '../limits.ts'
import { expect, goTo, signInAgain, test, totp, waitAnHour } from '../support/journey.ts'

type Edges = Readonly<{ top: number; bottom: number }>

/** Takes down where the open dialog is, in each frame. */
async function watch(page: Page): Promise<() => Promise<readonly Edges[]>> {
  await page.evaluate(() => {
    const seen: Edges[] = []
    Object.assign(window, { seen })
    const look = () => {
      const dialog = document.querySelector('stile-dialog')?.shadowRoot?.querySelector('dialog[open]')
      const { top, bottom } = dialog?.getBoundingClientRect() ?? {}
      if (top !== undefined && bottom !== undefined) seen.push({ top, bottom })
      requestAnimationFrame(look)
    }
    look()
  })
  return () => page.evaluate(() => (window as unknown as { seen: Edges[] }).seen)
}

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values)

for (const { name, width, height } of [
  { name: 'wide', width: 1360, height: 900 },
  { name: 'narrow', width: 390, height: 844 },
]) {
  test(`on a ${name} screen the prompt stays where it opened, through every view of a step-up`, async ({ page, signIn, signInWithApp }) => {
    const secret = await signInWithApp('pro')
    await signInAgain(page, signIn, 'pro')
    await waitAnHour(page)
    await goTo(page, 'Settings')
    await page.setViewportSize({ width, height })
    const edges = await watch(page)
    await page.getByRole('button', { name: 'Save contact' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('6-digit code').fill('000000')
    await expect(dialog.getByRole('alert')).toContainText('That code isn’t right.')
    await dialog.getByRole('button', { name: 'Use another way' }).click()
    await dialog.getByRole('button', { name: 'Use your authenticator app' }).click()
    await dialog.getByRole('button', { name: 'Use another way' }).click()
    await dialog.getByRole('button', { name: 'Get a code by email' }).click()
    await expect(dialog.getByText(/We sent a code/)).toBeVisible()
    await dialog.getByRole('button', { name: 'Use another way' }).click()
    await dialog.getByRole('button', { name: 'Use your authenticator app' }).click()
    await dialog.getByLabel('6-digit code').fill(await totp.next(secret))
    await expect(page.getByText('Saved.')).toBeVisible({ timeout: LIMITS.wait })

    const seen = await edges()
    expect(seen.length).toBeGreaterThan(20)
    if (name === 'wide') expect(spread(seen.map(({ top }) => top))).toBeLessThanOrEqual(1)
    else {
      expect(spread(seen.map(({ bottom }) => bottom))).toBeLessThanOrEqual(1)
      // the sheet may grow, and never shrinks
      for (const [index, { top }] of seen.entries()) expect(top).toBeLessThanOrEqual((seen[index - 1]?.top ?? top) + 1)
    }
  })
}
