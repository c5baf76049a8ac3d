/// <reference types="vite/client" />
import { createStile, type Stile } from '@stile/browser'
import { definePolicy } from '@stile/policy'
import { authenticatorOf, createClock, createTestService, type World as Facts, licenseOf, type TestService } from '@stile/testing'
import type { ArgTypes, Meta, StoryObj } from '@storybook/react-vite'
import { type ReactElement, type ReactNode, useEffect, useState } from 'react'
import { expect, screen, userEvent, waitFor } from 'storybook/test'
import './shadow.test-support.ts'
import type { CardSlots, CardView } from './context/slots.ts'
import { StileProvider } from './provider/stile-provider.tsx'

export type { Meta, StoryObj }

/** The rules of the stories: three plans, and features that ask for nothing, a fresh login, a second factor, a hardware key and a bound one. */
const policy = definePolicy({
  format: 1,
  features: {
    'reports.view': { label: 'View reports' },
    'contact.change': { label: 'Change contact data', requires: { level: 'session', maxAge: '5m' } },
    'reports.export': { label: 'Export reports', requires: { level: 'mfa', maxAge: '15m' } },
    'payouts.account': { label: 'Change the payout account', requires: { level: 'phrh', maxAge: '2m' } },
    'payouts.approve': { label: 'Approve payouts', requires: { level: 'mfa', maxAge: '2m', bind: ['amount'] } },
  },
  tiers: {
    basic: { label: 'Basic', features: ['reports.view', 'contact.change'] },
    pro: { label: 'Pro', extends: 'basic', features: ['reports.export'] },
    enterprise: { label: 'Enterprise', extends: 'pro', features: ['payouts.approve', 'payouts.account'] },
  },
  risk: { high: { level: 'phr', maxAge: '5m' }, critical: 'deny' },
  license: { none: { tier: 'basic' }, states: { suspended: 'none' } },
})

/** What people read for the features and tiers of these rules. */
export const LABELS: Readonly<Record<string, string>> = {
  'reports.view': 'View reports',
  'contact.change': 'Change contact data',
  'reports.export': 'Export reports',
  'payouts.account': 'Change the payout account',
  'payouts.approve': 'Approve payouts',
  basic: 'Basic',
  pro: 'Pro',
  enterprise: 'Enterprise',
}

/** Someone with the largest plan and an authenticator app, who has proven nothing yet. */
export const MEMBER: Partial<Facts> = { license: licenseOf('enterprise'), authenticators: [authenticatorOf('totp')] }

/** Someone whose login is an hour old, with an address for codes. */
export const STALE: Partial<Facts> = { ...MEMBER, loginAt: Math.floor(Date.now() / 1000) - 3600, email: 'ada@example.com' }

/** What a story starts from: facts of the service and of the application. How the page looks is a matter of the toolbar. */
export type WorldParameters = Readonly<{
  given?: Partial<Facts>
  /** How far the service's clock is behind this browser's, in seconds. Default: 0. */
  behind?: number
  /** Whether the dialog asks for the password, which is `stile`. Default: the application signs people in again by itself. */
  hasPassword?: boolean
}>

/** The service of the story on the page: the newest one. */
let current: TestService

/** The service of the story on the page, for a `play` function to change the world. */
export function service(): TestService {
  return current
}

function connect({ given = MEMBER, behind = 0, hasPassword }: WorldParameters): Stile {
  const made = createTestService({ policy, given, clock: createClock(Math.floor(Date.now() / 1000) - behind) })
  current = made
  return createStile({
    service: made.url,
    session: made.session,
    audiences: { api: ['https://api.test'] },
    relogin: hasPassword ? { password: async ({ password }) => password === 'stile' } : async () => true,
    fetch: made.fetch,
  })
}

/** The page of a story: a service and a client, without a provider yet. They are closed when the story is left. */
function Page({ facts, children }: Readonly<{ facts: WorldParameters; children: (client: Stile) => ReactNode }>): ReactNode {
  const [client, setClient] = useState<Stile>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a story's facts are read once
  useEffect(() => {
    // nothing of the story before: not the ticket of a recovery either
    sessionStorage.clear()
    const made = connect(facts)
    setClient(made)
    return () => {
      made.close()
      takeAuthenticator()
    }
  }, [])
  return client ? children(client) : null
}

type StoryContext = Readonly<{
  args: object
  parameters: Readonly<{ world?: WorldParameters }>
}>
type StoryInContext = (update: Readonly<{ args?: object }>) => ReactElement

/** Puts every story of a file into a world of its own, as its parameter `world` says. */
export function inWorld(Story: StoryInContext, { parameters }: StoryContext): ReactElement {
  return (
    <Page facts={parameters.world ?? {}}>
      {(client) => (
        <StileProvider client={client} labels={LABELS} dialog={{ user: 'ada@example.com' }}>
          <Story />
        </StileProvider>
      )}
    </Page>
  )
}

/** The same without a provider: the story gets the client as its argument `client`. */
export function withClient(Story: StoryInContext, { args, parameters }: StoryContext): ReactElement {
  return <Page facts={parameters.world ?? {}}>{(client) => <Story args={{ ...args, client }} />}</Page>
}

/** Cards of an application in place of the gates' own. */
export const OWN_CARDS: CardSlots = { stepUp: OwnCard, enroll: OwnCard, upgrade: OwnCard, deny: OwnCard, error: OwnCard }

function OwnCard({ title, body, button, act }: CardView): ReactElement {
  return (
    <section style={{ borderInlineStart: '4px solid', paddingInlineStart: '1rem' }}>
      <p>
        <strong>{title}.</strong> {body}
      </p>
      {button && act && (
        <button type="button" onClick={act}>
          {button}
        </button>
      )}
    </section>
  )
}

/** The control of `slots`: with or without cards of the application. */
export const ownCard: ArgTypes[string] = {
  control: 'inline-radio',
  table: { type: { summary: 'CardSlots' } },
  options: ['built in', 'your own'],
  mapping: { 'built in': undefined, 'your own': OWN_CARDS },
}

/** Shows an example of a stories file as its code: the function of this name in the file's text, which is imported with `?raw`. */
export function codeOf(name: string, file: string): Readonly<{ docs: object }> {
  const found = new RegExp(`^function ${name}\\b.*?^}`, 'ms').exec(file)?.[0]
  if (found === undefined) throw new Error(`There is no function ${name} in this file.`)
  return { docs: { source: { code: found, language: 'tsx' } } }
}

/** The control of a feature. */
export const featureControl: ArgTypes[string] = {
  control: 'select',
  options: ['reports.view', 'contact.change', 'reports.export', 'payouts.account'],
  description: 'A feature of your policy.',
  type: { name: 'string', required: true },
}

/** The button of this name, wherever on the page it is, once it can be pressed: a view that is new takes nothing for a moment. */
export function ready(name: string): Promise<HTMLElement> {
  return waitFor(() => {
    const found = screen.getByRole('button', { name })
    expect(getComputedStyle(found).pointerEvents).not.toBe('none')
    return found
  })
}

/** Clicks the button of this name. */
export async function click(name: string): Promise<void> {
  await userEvent.click(await ready(name))
}

/** Types a code into the dialog, which sends itself when it is full. */
export async function typeCode(code: string): Promise<void> {
  await userEvent.type(await screen.findByLabelText(/6-digit code/), code)
}

/** The code that was sent last. */
export function mailed(): string {
  return service().inbox().at(-1)?.secret ?? ''
}

/** Lends the browser a passkey or a security key that answers as it is told. It is taken back when the story is left. */
export function lendAuthenticator(answer: 'works' | 'waits' | 'dismissed'): void {
  const empty = new ArrayBuffer(0)
  const response = { clientDataJSON: empty, authenticatorData: empty, signature: empty, attestationObject: empty }
  const credential = { id: 'AAAA', rawId: empty, type: 'public-key', response, getClientExtensionResults: () => ({}) }
  const prompt = async () => {
    if (answer === 'waits') return new Promise<never>(() => {})
    if (answer === 'dismissed') throw new DOMException('dismissed', 'NotAllowedError')
    return credential as unknown as Credential
  }
  Object.assign(navigator.credentials, { create: prompt, get: prompt })
}

const OWN_PASSKEYS = globalThis.PublicKeyCredential

/** Makes the browser one that has no passkeys. They are given back when the story is left. */
export function withoutPasskeys(): void {
  Object.assign(globalThis, { PublicKeyCredential: undefined })
}

/** Gives the browser its own authenticators again. */
function takeAuthenticator(): void {
  Object.assign(globalThis, { PublicKeyCredential: OWN_PASSKEYS })
  // the lent functions hide those of the prototype
  for (const name of ['create', 'get']) Reflect.deleteProperty(navigator.credentials, name)
}

/** Waits until animations are over, because half faded in, colours have no contrast yet. */
export async function settled(): Promise<void> {
  // those of a shadow root are not among those of the document
  const roots = [document, ...[...document.querySelectorAll('stile-dialog')].flatMap(({ shadowRoot }) => shadowRoot ?? [])]
  const running = roots.flatMap((root) => root.getAnimations())
  const ending = running.filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
  await Promise.all(ending.map(({ finished }) => finished.catch(() => {})))
}
