// From the click to premium content that is painted, in Chromium with a passkey that answers at once: the gate and `stile.fetch` against a
// page that is written by hand on the same service.
// Run: node --conditions=@stile/source test/bench/click.bench.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright'
import { build, defaultClientConditions } from 'vite'
import { type Goal, measureInTurns, ratios, reportGoals } from '../../scripts/bench/rounds.ts'
import { BROWSER_ARGS, ensureBrowser } from '../../scripts/browser.ts'
import { type App, startApp } from './click/app.ts'
import type {} from './click/pages/measure.ts'

const ROUNDS = Number(process.env.ROUNDS ?? 10)
const WARM_UPS = 1
/** How long a page stands before it is clicked: people read before they click. */
const STANDS_MS = 1000
const PATIENCE_MS = 10_000

const PAGES = {
  'the gate': 'gate.html?',
  'stile.fetch': 'challenge.html?followed&',
  'stile.fetch, nobody subscribed': 'challenge.html?',
  'by hand': 'by-hand.html?',
} as const
type Name = keyof typeof PAGES
type Figures = Readonly<{ ms: number; requests: number; scripts: number }>

/** What each page asked for on its last click. */
const asked = new Map<Name, string>()

const directory = mkdtempSync(join(import.meta.dirname, '.click-bench-'))
const browser = await chromium.launch({ executablePath: ensureBrowser(), args: BROWSER_ARGS })
const app = await startApp({ directory, pages: await buildPages() })
try {
  report(await measure())
} finally {
  await browser.close()
  app.close()
  rmSync(directory, { recursive: true, force: true })
}
process.exit()

async function buildPages(): Promise<string> {
  const root = join(import.meta.dirname, 'click/pages')
  const outDir = join(directory, 'pages')
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['@stile/source', ...defaultClientConditions] },
    build: {
      target: 'es2023',
      outDir,
      emptyOutDir: true,
      rolldownOptions: { input: ['gate', 'challenge', 'by-hand'].map((name) => join(root, `${name}.html`)) },
    },
  })
  return outDir
}

async function measure() {
  const page = await browser.newPage()
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: app.credential })
  const contestant = (name: Name) => () => click(page, app, name)
  return measureInTurns({
    rounds: ROUNDS,
    warmUps: WARM_UPS,
    contestants: {
      'the gate': contestant('the gate'),
      'stile.fetch': contestant('stile.fetch'),
      'stile.fetch, nobody subscribed': contestant('stile.fetch, nobody subscribed'),
      'by hand': contestant('by hand'),
    } satisfies Record<Name, () => Promise<Figures>>,
  })
}

/** One page of a session of its own, from the click to the content. */
async function click(page: Page, { origin, arrived }: App, name: Name): Promise<Figures> {
  await page.goto(`${origin}/${PAGES[name]}sid=${crypto.randomUUID()}`)
  await page.waitForSelector('button')
  await new Promise((resolve) => setTimeout(resolve, STANDS_MS))
  const before = arrived.length
  await page.click('button')
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`${name}: no content came.`)), PATIENCE_MS).unref())
  const { clickedAt, paintedAt } = await Promise.race([page.evaluate(() => window.clicked), late])
  const during = arrived.slice(before).filter(({ at }) => at <= paintedAt)
  const scripts = during.filter(({ path }) => path.endsWith('.js'))
  asked.set(
    name,
    during
      .map(({ at, method, path }) => `${method} ${path.replace(/step-ups\/[^/]+/, 'step-ups/…')} after ${(at - clickedAt).toFixed(0)} ms`)
      .join(', '),
  )
  return { ms: paintedAt - clickedAt, requests: during.length - scripts.length, scripts: scripts.length }
}

function report(measured: Readonly<Record<Name, readonly Figures[]>>): void {
  const { 'by hand': byHand, 'the gate': gate, 'stile.fetch': fetched, 'stile.fetch, nobody subscribed': unfollowed } = measured
  for (const [name, figures] of Object.entries(measured)) {
    const sorted = figures.map(({ ms }) => ms).toSorted((a, b) => a - b)
    console.log(`${name}: p50 ${sorted[Math.floor(sorted.length / 2)]?.toFixed(1)} ms; on the last click: ${asked.get(name as Name)}`)
  }
  const most = (name: string, figures: readonly Figures[], figure: 'requests' | 'scripts', atMost: number): Goal => ({
    name: `click, ${figure}: ${name}`,
    // a count is no matter of chance: the worst one is the figure
    values: [Math.max(...figures.map((each) => each[figure]))],
    unit: figure,
    atMost,
  })
  reportGoals([
    { name: 'click: the gate', values: ratios(gate, byHand, 'ms'), unit: 'x', atMost: 1.3 },
    { name: 'click: stile.fetch', values: ratios(fetched, byHand, 'ms'), unit: 'x', atMost: 1.3 },
    most('the gate', gate, 'requests', 3),
    most('the gate', gate, 'scripts', 0),
    most('stile.fetch', fetched, 'requests', 4),
    most('stile.fetch', fetched, 'scripts', 0),
    most('stile.fetch, nobody subscribed', unfollowed, 'requests', 6),
  ])
}
