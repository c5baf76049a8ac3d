import { expect, type Page } from '@playwright/test'
import { test, watchViolations } from '../support/hosts.ts'

/** With `HOSTS=all`, as `pnpm test --all` sets it, every library is tried; otherwise one of each kind. */
const ALL = process.env.HOSTS === 'all'
const MODALS = ALL ? ['radix', 'mui', 'headless'] : ['radix']

/** The prompt, opened by a call of the API from a modal of the host in which something is typed. */
async function promptInModal(page: Page) {
  await page.getByRole('button', { name: 'Open the modal' }).click()
  await page.getByLabel('Note').fill('typed before')
  await page.getByRole('button', { name: 'Export' }).click()
  const prompt = page.getByRole('dialog', { name: 'Confirm it’s you' })
  await expect(prompt.getByLabel('6-digit code')).toBeFocused()
  return prompt
}

for (const modal of MODALS) {
  test(`threat: the modal of ${modal} keeps the prompt over it from its user: it can be clicked, typed in and read`, async ({
    page,
    visit,
  }) => {
    await visit({ query: `modal=${modal}` })
    const prompt = await promptInModal(page)
    await expect(page.locator('stile-dialog')).not.toHaveAttribute('aria-hidden')
    await expect(page.locator('stile-dialog')).not.toHaveAttribute('inert')

    await prompt.getByText('To continue').or(prompt.getByRole('heading')).first().click()
    await prompt.getByRole('button', { name: 'Confirm' }).focus()
    await page.keyboard.press('Tab')
    await expect(prompt.getByRole('button', { name: 'I can’t use this' })).toBeFocused()
    await prompt.getByLabel('6-digit code').click()
    await page.keyboard.type('123456')
    await expect(prompt).toHaveCount(0)
    await expect(page.getByText('exported')).toBeVisible()
    await expect(page.getByLabel('Note')).toHaveValue('typed before')
    await expect(page.getByRole('button', { name: 'Export' })).toBeFocused()
  })

  test(`Escape and Cancel leave the prompt, and not the modal of ${modal} under it`, async ({ page, visit }) => {
    await visit({ query: `modal=${modal}` })
    await promptInModal(page)
    await page.keyboard.press('Escape')
    await expect(page.getByText('refused: step_up_cancelled')).toBeVisible()
    await expect(page.getByLabel('Note')).toHaveValue('typed before')
    await expect(page.getByRole('button', { name: 'Export' })).toBeFocused()

    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('dialog', { name: 'Confirm it’s you' }).getByRole('button', { name: 'Cancel' }).click()
    await expect(page.getByRole('dialog', { name: 'Confirm it’s you' })).toHaveCount(0)
    await expect(page.getByLabel('Note')).toHaveValue('typed before')
    await expect(page.getByRole('button', { name: 'Export' })).toBeFocused()

    // the host's own keys work as before
    await page.keyboard.press('Escape')
    await expect(page.getByLabel('Note')).toHaveCount(0)
  })
}

const SHEETS = ALL ? ['pico', 'bootstrap', 'preflight'] : ['pico']

/** Where the parts of the prompt or card are, and how they look: of each, all that a rule of the page could change. */
async function looks(page: Page, root: 'stile-dialog' | '[data-stile-card]') {
  await expect(root === 'stile-dialog' ? page.getByLabel('6-digit code') : page.locator(root)).toBeVisible()
  // what is loaded after the first prompt brings rules of its own
  if (root === 'stile-dialog')
    await page.waitForFunction(() => Number(document.querySelector('stile-dialog')?.shadowRoot?.adoptedStyleSheets.length) > 2)
  await page.waitForFunction(() => [...document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')].every(({ sheet }) => sheet))
  return page.evaluate(async (selector) => {
    const host = document.querySelector(selector) as Element
    // the font of a card is the page's, and with it the sizes
    const inherited = selector === 'stile-dialog' ? [] : ['fontFamily', 'fontSize', 'lineHeight', 'letterSpacing', 'width', 'height']
    const styles = [
      'display',
      'color',
      'backgroundColor',
      'borderTopWidth',
      'borderTopColor',
      'borderTopLeftRadius',
      'boxShadow',
      'opacity',
    ]
    const texts = ['fontFamily', 'fontSize', 'fontWeight', 'lineHeight', 'letterSpacing', 'textTransform', 'textAlign']
    const boxes = ['width', 'height', 'marginTop', 'marginBottom', 'paddingTop', 'paddingLeft']
    const names = [...styles, ...texts, ...boxes].filter((name) => !inherited.includes(name))
    const of = (part: Element) => {
      const style = getComputedStyle(part) as unknown as Record<string, string>
      return [part.localName, part.textContent, ...names.map((name) => `${name}: ${style[name]}`)]
    }
    // it fades in
    const moving = host.shadowRoot?.getAnimations() ?? host.getAnimations({ subtree: true })
    await Promise.all(moving.map(({ finished }) => finished))
    const parts = host.shadowRoot ? host.shadowRoot.querySelectorAll('dialog, dialog *') : host.querySelectorAll('*')
    return [...parts].map(of)
  }, root)
}

for (const sheet of SHEETS) {
  test(`threat: rules of ${sheet} break the prompt: every part looks and lies as on a bare page`, async ({ page, visit }) => {
    await visit({})
    await page.getByRole('button', { name: 'Export' }).click()
    const bare = await looks(page, 'stile-dialog')
    await visit({ query: `sheet=${sheet}` })
    await page.getByRole('button', { name: 'Export' }).click()
    expect(await looks(page, 'stile-dialog')).toEqual(bare)
    const box = await page.getByRole('dialog').boundingBox()
    for (const button of await page.getByRole('dialog').getByRole('button').all()) {
      const { x = 0, y = 0, width = 0, height = 0 } = (await button.boundingBox()) ?? {}
      expect(x).toBeGreaterThan(box?.x ?? 0)
      expect(x + width).toBeLessThan((box?.x ?? 0) + (box?.width ?? 0))
      expect(y + height).toBeLessThan((box?.y ?? 0) + (box?.height ?? 0))
    }
  })

  test(`the cards of the gates look beside the rules of ${sheet} as on a bare page, but for the font`, async ({ page, visit }) => {
    const sameFontSize = { content: 'body { font-size: 16px !important }' }
    await visit({ query: 'gate' })
    await page.addStyleTag(sameFontSize)
    const bare = await looks(page, '[data-stile-card]')
    await visit({ query: `gate&sheet=${sheet}` })
    await page.addStyleTag(sameFontSize)
    expect(await looks(page, '[data-stile-card]')).toEqual(bare)
  })
}

const STRICT = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  'connect-src https://service.test https://api.test',
  "require-trusted-types-for 'script'",
].join('; ')

test('threat: a strict Content-Security-Policy breaks the prompt or the QR code: nothing violates it', async ({ page, visit }) => {
  const violations = await watchViolations(page)
  await visit({ csp: STRICT })
  await page.getByRole('button', { name: 'Enrol' }).click()
  // what is enrolled confirms the change first
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('6-digit code').fill('123456')
  await expect(dialog).toHaveCSS('border-top-left-radius', '16px')
  const qr = dialog.getByRole('img', { name: 'QR code for your authenticator app' })
  await expect(qr).toBeVisible()
  expect(await qr.evaluate((image) => image.querySelectorAll('path').length)).toBe(2)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialog).toHaveCount(0)
  expect(await violations()).toEqual([])
})

test('a page that is translated stays translated while the prompt goes on', async ({ page, visit }) => {
  await visit({})
  await page.getByRole('button', { name: 'Export' }).click()
  const code = page.getByLabel('6-digit code')
  await expect(code).toBeFocused()
  // as the browser's translator does: each text is replaced by an element with another one
  await page.evaluate(() => {
    const roots = [document.body, document.querySelector('stile-dialog')?.shadowRoot as ShadowRoot]
    for (const root of roots) {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
      const nodes: Text[] = []
      while (walker.nextNode()) nodes.push(walker.currentNode as Text)
      for (const node of nodes.filter(({ data, parentElement }) => data.trim() && !parentElement?.matches('style,script'))) {
        const font = document.createElement('font')
        font.textContent = `⟦${node.data}⟧`
        node.replaceWith(font)
      }
    }
  })
  const dialog = page.getByRole('dialog')
  const field = dialog.getByRole('textbox')
  await field.fill('000000')
  await expect(dialog.getByRole('alert')).toContainText('4')
  await expect(dialog).toHaveAccessibleName(/^⟦/)
  await field.fill('123456')
  await expect(dialog).toHaveCount(0)
})

test('two dialogs on one page: the right one opens, and each names itself', async ({ page, visit }) => {
  await visit({ query: 'dialogs=2' })
  await page.getByRole('button', { name: 'Export' }).click()
  await expect(page.locator('stile-dialog')).toHaveCount(2)
  await expect(page.getByRole('dialog')).toHaveCount(1)
  await page.getByRole('dialog', { name: 'Confirm it’s you' }).getByLabel('6-digit code').fill('123456')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('in a frame the prompt opens within it, and the focus goes back to where it was', async ({ page, visit }) => {
  await visit({ query: 'framed' })
  const frame = page.frameLocator('iframe')
  await frame.getByRole('button', { name: 'Export' }).click()
  await expect(frame.getByLabel('6-digit code')).toBeFocused()
  await page.keyboard.type('123456')
  await expect(frame.getByText('exported')).toBeVisible()
  await expect(frame.getByRole('dialog')).toHaveCount(0)
  await expect(frame.getByRole('button', { name: 'Export' })).toBeFocused()
})

for (const [name, css, scheme] of [
  ['a class that sets the colour scheme', '.dark { color-scheme: dark }', 'dark'],
  ['the variable of the dialog', ':root { --stile-color-scheme: dark }', 'dark'],
  ['nothing', '', 'light'],
] as const)
  test(`dark by ${name}: the dialog is ${scheme}`, async ({ page, visit }) => {
    await page.emulateMedia({ colorScheme: 'light' })
    await visit({})
    if (css) await page.addStyleTag({ content: css })
    await page.evaluate(() => document.documentElement.classList.add('dark'))
    await page.getByRole('button', { name: 'Export' }).click()
    await expect(page.getByRole('dialog')).toHaveCSS('background-color', scheme === 'dark' ? 'rgb(26, 30, 37)' : 'rgb(255, 255, 255)')
  })

test('the size of the text follows the reader, and not what the page sets on its root', async ({ page, visit }) => {
  await visit({})
  await page.addStyleTag({ content: 'html { font-size: 62.5% }' })
  await page.getByRole('button', { name: 'Export' }).click()
  await expect(page.getByRole('dialog')).toHaveCSS('font-size', '15px')
  // the setting of the browser is the initial font size, which `medium` stands for
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Page.setFontSizes', { fontSizes: { standard: 24 } })
  await expect(page.getByRole('dialog')).toHaveCSS('font-size', '22.5px')
})

test('on a page that reads from right to left the dialog does, too, but codes and keys do not', async ({ page, visit }) => {
  await visit({})
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl'
  })
  await page.getByRole('button', { name: 'Enrol' }).click()
  const dialog = page.getByRole('dialog')
  const code = dialog.getByLabel('6-digit code')
  await expect(dialog).toHaveCSS('direction', 'rtl')
  await expect(code).toHaveCSS('direction', 'ltr')
  await code.fill('123456')
  await expect(dialog.locator('code')).toHaveCSS('direction', 'ltr')
})

test('in forced colours every button has an edge that can be seen, and the QR code stays dark on white', async ({ page, visit }) => {
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' })
  await visit({})
  await page.getByRole('button', { name: 'Enrol' }).click()
  const dialog = page.getByRole('dialog')
  for (const name of ['Confirm', 'Cancel'])
    expect(await dialog.getByRole('button', { name }).evaluate((button) => getComputedStyle(button).borderTopColor)).toMatch(/^rgb\(/)
  await dialog.getByLabel('6-digit code').fill('123456')
  const squares = dialog.getByRole('img').locator('path')
  await expect(squares.first()).toHaveCSS('fill', 'rgb(255, 255, 255)')
  await expect(squares.last()).toHaveCSS('fill', 'rgb(0, 0, 0)')
})

test('whatever is shown next, the focus stays in the dialog', async ({ page, visit }) => {
  await visit({})
  const isFocusIn = () => page.evaluate(() => document.querySelector('stile-dialog')?.shadowRoot?.activeElement?.localName)
  await page.getByRole('button', { name: 'Enrol' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('6-digit code')).toBeFocused()
  await dialog.getByLabel('6-digit code').fill('123456')
  await expect(page.getByRole('dialog', { name: 'Add an authenticator app' })).toBeVisible()
  await expect.poll(isFocusIn).toBe('input')
  await dialog.getByRole('button', { name: 'Copy' }).click()
  expect(await isFocusIn()).toBeTruthy()
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Enrol' })).toBeFocused()
})
