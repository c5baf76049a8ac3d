import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Where a Chromium that can run the stories and journeys usually is; `CHROME_PATH` goes first. */
const PLACES = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** Flags for a browser that must neither phone home nor need a sandbox that containers lack. */
export const BROWSER_ARGS: string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The path of a browser on this machine, or `undefined`. */
export function findBrowser(): string | undefined {
  return PLACES.find((place) => place && existsSync(place)) ?? playwrightsOwn()
}

function playwrightsOwn(): string | undefined {
  const { chromium } = createRequire(import.meta.url)('playwright') as typeof import('playwright')
  const path = chromium.executablePath()
  return path && existsSync(path) ? path : undefined
}

/** The path of a browser, installed first where there is none: Debian's package as root on Debian, else Playwright's own. */
export function ensureBrowser(): string {
  const found = findBrowser()
  if (found) return found
  process.stdout.write('No Chromium or Chrome found: installing one for the stories and the browser journeys.\n')
  if (process.platform === 'linux' && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { stdio: 'inherit', env })
  } else {
    const cli = createRequire(import.meta.url).resolve('playwright/cli')
    execFileSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'inherit' })
  }
  const installed = findBrowser()
  if (installed) return installed
  throw new Error(
    'No browser could be installed, so stories and journeys cannot run. Install Chrome or Chromium and set CHROME_PATH to its executable, then run the tests again.',
  )
}
