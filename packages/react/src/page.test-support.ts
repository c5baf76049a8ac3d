import { createStile, type Stile } from '@stile/browser'
import type { Policy } from '@stile/policy'
import { authenticatorOf, createTestService, licenseOf, type TestService, type World } from '@stile/testing'
import { cleanup, configure, type RenderResult, render, screen } from '@testing-library/react'
import { type UserEvent, userEvent } from '@testing-library/user-event'
import { createElement, type ReactNode, StrictMode } from 'react'
import { afterEach, inject } from 'vitest'
import './shadow.test-support.ts'
import { policy } from './policy.test-support.ts'
import { StileProvider, type StileProviderProps } from './provider/stile-provider.tsx'

/** Someone whose plan includes everything, who has an authenticator app and has proven nothing yet. */
export const MEMBER: Partial<World> = { license: licenseOf('enterprise'), authenticators: [authenticatorOf('totp')] }

/** What a proof of the authenticator app, given now, looks like. */
export function proofNow(service: TestService): Partial<World> {
  return { proofs: [{ method: 'totp', level: 'mfa', amr: ['otp', 'mfa'], authTime: service.clock.now() }] }
}

/** A page over a service of its own. */
export type Page = RenderResult &
  Readonly<{
    service: TestService
    client: Stile
    user: UserEvent
    /** Shows something else in the same place. */
    show: (ui: ReactNode) => void
    /** Every request that arrived, as `METHOD /path`. */
    arrived: readonly string[]
  }>

type PageOptions = Omit<StileProviderProps, 'client' | 'children'> & Readonly<{ given?: Partial<World>; policy?: Policy; strict?: boolean }>

// what a test looks for may take longer on a busy machine
configure({ asyncUtilTimeout: inject('limits').wait })

const clients = new Set<Stile>()

/** A client over a service of its own, closed after the test. */
export function connect(options: Readonly<{ given?: Partial<World>; policy?: Policy }> = {}): Pick<Page, 'service' | 'client' | 'arrived'> {
  const service = createTestService({ policy: options.policy ?? policy, given: options.given ?? MEMBER })
  const arrived: string[] = []
  const client = createStile({
    service: service.url,
    session: service.session,
    audiences: { api: ['https://api.test'] },
    relogin: async () => true,
    fetch: (input, init) => {
      arrived.push(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`)
      return service.fetch(input, init)
    },
  })
  clients.add(client)
  return { service, client, arrived }
}

/** Renders something below a provider whose client talks to a service of its own. */
export function open(ui: ReactNode, { given, policy: rules, strict, ...props }: PageOptions = {}): Page {
  const connected = connect({ ...(given && { given }), ...(rules && { policy: rules }) })
  const wrap = (children: ReactNode) => {
    const provided = createElement(StileProvider, { client: connected.client, ...props }, children)
    return strict ? createElement(StrictMode, null, provided) : provided
  }
  const view = render(wrap(ui))
  return { ...view, ...connected, user: userEvent.setup(), show: (next) => view.rerender(wrap(next)) }
}

/** What the page knows of a feature. */
export function outcomeOf(client: Stile, feature: string): string | undefined {
  const known = client.get()
  return known.status === 'ready' ? known.state.decisions[feature]?.outcome : undefined
}

/** Types a code into the dialog, which sends itself when it is full. */
export async function typeCode(user: UserEvent, code = '123456'): Promise<void> {
  await user.type(await screen.findByLabelText(/6-digit code/), code)
}

// jsdom has no modal dialogs: these two open and close one, and the stories show the real thing
HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  this.open = true
}
HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
  if (!this.open) return
  this.open = false
  const closed = new Event('close')
  setTimeout(() => this.dispatchEvent(closed))
}

afterEach(() => {
  cleanup()
  for (const client of clients) client.close()
  clients.clear()
})
