import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { test as base, type CDPSession, expect, type Page } from '@playwright/test'
import type { Demo } from '../../scripts/demo.ts'
import { LIMITS } from '../limits.ts'
import { signInAtProvider } from './identity-provider.ts'
import { type DemoPerson, freshPeople, type Tier } from './people.ts'
import { type RunningDemo, runDemo } from './running-demo.ts'
import { codeAt } from './totp.ts'

export { expect }

/** The rules of axe that look at colours. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

type Fixtures = {
  running: RunningDemo
  /** Service, API, pages, identity provider and inbox. */
  demo: Demo
  /** Lines that the parts have printed since the test began. */
  lines: string[]
  /** Somebody on each tier whom no other test has seen, with an account of their own. */
  people: Readonly<Record<Tier, DemoPerson>>
  signIn: (tier: Tier, page?: Page) => Promise<void>
  /** Signs in, and adds an authenticator app where the report asks for one; answers its secret. The page shows the reports then. */
  signInWithApp: (tier: Tier, options?: { picture?: (name: string) => Promise<void> }) => Promise<string>
  /** Signs in with the identity provider. */
  signInElsewhere: (tier: Tier, options?: { picture?: (name: string) => Promise<void> }) => Promise<void>
  /** Has axe look at the screen, light, dark and narrow; with `SCREENSHOTS=<folder>` keeps pictures of it. */
  picture: (name: string, page?: Page) => Promise<void>
  /** Sets the license of somebody's account through the admin API. */
  license: (tier: Tier, body: Record<string, unknown>) => Promise<void>
}

/** A journey on the demo that its worker started once for all of them. */
export const test = base.extend<Fixtures, { shared: RunningDemo }>({
  shared: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from the pattern
    async ({}, use) => {
      const running = await runDemo()
      await use(running)
      await running.close()
    },
    { scope: 'worker', timeout: LIMITS.start },
  ],
  running: async ({ shared }, use) => {
    await use(shared)
  },
  lines: [
    async ({ running }, use, info) => {
      const lines: string[] = []
      const stop = running.listen((line) => lines.push(line))
      await use(lines)
      stop()
      if (info.status !== info.expectedStatus) await info.attach('parts.log', { body: lines.join('\n') })
    },
    { auto: true },
  ],
  demo: async ({ running }, use) => {
    await use(running.demo)
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from the pattern
  people: async ({}, use) => {
    await use(freshPeople())
  },
  signIn: async ({ demo, people, page }, use) => {
    await use(async (tier, on = page) => {
      await on.goto(demo.urls.web)
      await on.getByLabel('User name').fill(people[tier].name)
      await on.getByLabel('Password').fill('stile')
      await on.getByRole('button', { name: 'Sign in', exact: true }).click()
      await expect(on.getByRole('heading', { name: 'Reports' })).toBeVisible()
    })
  },
  signInWithApp: async ({ signIn, page }, use) => {
    await use(async (tier, options) => {
      await signIn(tier)
      await page.getByRole('button', { name: 'Set it up' }).click()
      return enrollTotp(page, options)
    })
  },
  signInElsewhere: async ({ demo, people, page }, use) => {
    await use(async (tier, options) => {
      await page.goto(demo.urls.web)
      await page.getByRole('button', { name: 'Sign in with Quarterly ID' }).click()
      // both pages have a heading "Sign in" and the same fields
      await page.waitForURL((url) => url.origin === new URL(demo.urls.idp).origin)
      await signInAtProvider(page, people[tier], options)
      await expect(page.getByRole('heading', { name: 'Reports' })).toBeVisible()
    })
  },
  picture: async ({ page: own }, use) => {
    await own.emulateMedia({ reducedMotion: 'reduce' })
    await use(async (name, page = own) => {
      await page.emulateMedia({ reducedMotion: 'reduce' })
      const keep = async (look: string, rules?: string[]) => {
        // what a mail holds is a document of its own, in which no script runs: axe would wait for ever. There is no other frame, so axe
        // needs no page of its own to bring the findings of several together (legacy mode)
        const axe = new AxeBuilder({ page }).setLegacyMode().exclude('iframe')
        const { violations } = await (rules ? axe.withRules(rules) : axe).analyze()
        expect(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
          `${name}, ${look}`,
        ).toEqual([])
        if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${look}.png`) })
      }
      await keep('light')
      await page.emulateMedia({ colorScheme: 'dark' })
      // the same document with other colours
      await keep('dark', COLOUR_RULES)
      await page.emulateMedia({ colorScheme: 'light' })
      const size = page.viewportSize()
      await page.setViewportSize({ width: 390, height: 844 })
      await keep('narrow')
      if (size) await page.setViewportSize(size)
    })
  },
  license: async ({ demo, people }, use) => {
    await use(async (tier, body) => {
      const response = await fetch(`${demo.urls.admin}/v1/admin/licenses/${encodeURIComponent(people[tier].account)}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${demo.keys.licenses}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      expect(response.ok, await response.clone().text()).toBe(true)
    })
  },
})

/** A journey that stops a part of the demo, so it has a demo of its own. */
export const testAlone = test.extend({
  running: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from the pattern
    async ({}, use) => {
      const running = await runDemo()
      await use(running)
      await running.close()
    },
    { scope: 'test', timeout: LIMITS.start },
  ],
})

/** What kind of authenticator is plugged in. Default: built in, and it verifies its user, like a phone or a laptop does. */
export type PluggedIn = Readonly<{
  transport?: 'internal' | 'usb'
  /** Whether it has a PIN, a finger or a face to ask for. Default: true. */
  canVerify?: boolean
  /** Whether that would succeed. Default: true. */
  userVerified?: boolean
  /** Whether it keeps credentials itself, which browsers let none do that cannot verify its user. Default: true. */
  discoverable?: boolean
}>

/** A virtual authenticator that can be looked at and taken out. */
export type Plugged = Readonly<{ cdp: CDPSession; authenticatorId: string }>

/** Plugs a virtual authenticator into the page (CDP WebAuthn). */
export async function plugIn(
  page: Page,
  { transport = 'internal', canVerify = true, userVerified = true, discoverable = true }: PluggedIn = {},
): Promise<Plugged> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: discoverable,
      hasUserVerification: canVerify,
      isUserVerified: canVerify && userVerified,
      automaticPresenceSimulation: true,
    },
  })
  return { cdp, authenticatorId }
}

/** Keeps the authenticator from answering prompts that open now, or lets it answer again. */
export async function hesitate({ cdp, authenticatorId }: Plugged, waits: boolean): Promise<void> {
  await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: !waits })
}

/** The generator that stands for a user's authenticator app. */
export const totp = {
  codes: new Map<string, number>(),
  /** The code of the next time step that was not used yet; waits for it if that is more than one step ahead. */
  async next(secret: string): Promise<string> {
    const used = this.codes.get(secret) ?? 0
    // one step ahead is within the window of every verifier
    let step = Math.floor(Date.now() / 30_000)
    if (step <= used) step = used + 1
    while (step > Math.floor(Date.now() / 30_000) + 1) await new Promise((resolve) => setTimeout(resolve, 250))
    this.codes.set(secret, step)
    return codeAt(secret, step * 30)
  },
}

/** Goes through enrolment of a passkey in the open dialog: the choice, the password, the prompt (answered by the authenticator), the name. */
export async function enrollPasskey(page: Page): Promise<void> {
  await page.getByRole('dialog').getByRole('button', { name: 'Add a passkey' }).click()
  await givePassword(page)
  await nameIt(page)
}

/** Goes through enrolment of an authenticator app in the open dialog; answers the secret that it showed. */
export async function enrollTotp(page: Page, { picture }: { picture?: (name: string) => Promise<void> } = {}): Promise<string> {
  await page.getByRole('dialog').getByRole('button', { name: 'Add an authenticator app' }).click()
  await givePassword(page)
  const dialog = page.getByRole('dialog', { name: 'Add an authenticator app' })
  const secret = ((await dialog.locator('code').textContent()) ?? '').replaceAll(/\s/g, '')
  await picture?.('dialog-enroll-totp')
  await dialog.getByLabel('6-digit code').fill(await totp.next(secret))
  await nameIt(page)
  return secret
}

/** Keeps the name of what was enrolled, and makes no recovery codes if they are offered. */
export async function nameIt(page: Page): Promise<void> {
  await page.getByRole('dialog', { name: 'All set' }).getByRole('button', { name: 'Save' }).click()
  const offer = page.getByRole('dialog', { name: 'Save recovery codes' })
  await expect(async () => {
    if (await offer.isVisible()) await offer.getByRole('button', { name: 'Not now' }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0, { timeout: 200 })
  }).toPass({ timeout: LIMITS.wait, intervals: [50] })
}

/** Goes to one of the pages by its name. */
export async function goTo(page: Page, name: 'Reports' | 'Payouts' | 'Settings' | 'Inbox' | 'Security'): Promise<void> {
  await page.getByRole('navigation').getByRole('button', { name }).click()
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
}

/** Makes the sign-in an hour older, with the button that stands for time that passes. */
export async function waitAnHour(page: Page): Promise<void> {
  const reloaded = page.waitForEvent('load')
  await page.getByRole('button', { name: 'Make it an hour older' }).click()
  await reloaded
  await expect(page.getByTestId('claims')).toBeVisible()
}

/** The product asks for the password again only if the login is older than five minutes. */
async function givePassword(page: Page): Promise<void> {
  const password = page.getByRole('dialog', { name: 'Enter your password to continue' })
  const next = page.getByRole('dialog').filter({ hasText: /All set|Scan this/ })
  await expect(password.or(next).first()).toBeVisible()
  if (!(await password.isVisible())) return
  await password.getByLabel('Password').fill('stile')
  await password.getByRole('button', { name: 'Confirm' }).click()
}

/** Signs out, and waits until that is done. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
}

/** Signs out and in again: a new session, in which nothing but the password is proven. */
export async function signInAgain(page: Page, signIn: Fixtures['signIn'], tier: Tier): Promise<void> {
  await signOut(page)
  await signIn(tier)
}
