import { licenseOf } from '@stile/testing'
import type { ReactElement } from 'react'
import { screen } from 'storybook/test'
import { codeOf, inWorld, MEMBER, type Meta, type StoryObj, service } from '../stories.test-support.tsx'
import source from './use-license.stories.tsx?raw'
import { useLicense } from './use-license.ts'

function Plan(): ReactElement {
  const found = useLicense()
  if (found.status !== 'ready') return <p>{found.status === 'loading' ? 'One moment…' : 'Your plan can’t be read.'}</p>
  const { license, tiers, stale } = found
  return (
    <p>
      {license ? `Your plan is ${license.tier} (${license.state}).` : 'You have no plan yet.'} It includes: {tiers.join(', ')}.
      {stale && ' You are offline.'}
    </p>
  )
}

/**
 * `useLicense()` gives the license in force and every tier that it includes: for a page about the plan. It takes no options.
 *
 * To show or hide something, take `useFeature`: features move between tiers.
 */
const meta: Meta<typeof Plan> = {
  title: 'Hooks/useLicense',
  component: Plan,
  decorators: [inWorld],
  parameters: { ...codeOf('Plan', source), controls: { disable: true } },
}
export default meta
type Story = StoryObj<typeof Plan>

/** The plan in force; a change is there without a reload. */
export const Active: Story = {
  play: async () => {
    await screen.findByText(/Your plan is enterprise \(active\)\. It includes: .*pro/)
    service().given({ license: licenseOf('pro', { epoch: 2 }) })
    await screen.findByText(/Your plan is pro \(active\)/)
  },
}

/** The account has none: the policy says which tier counts then. */
export const None: Story = {
  parameters: { world: { given: { ...MEMBER, license: null } } },
  play: async () => {
    await screen.findByText('You have no plan yet. It includes: basic.')
  },
}

/** A suspended license is still told, and includes what the policy leaves. */
export const Suspended: Story = {
  parameters: { world: { given: { ...MEMBER, license: licenseOf('pro', { state: 'suspended' }) } } },
  play: async () => {
    await screen.findByText(/Your plan is pro \(suspended\)/)
  },
}

/** The connection is lost: what is known stays, and is marked as stale. */
export const Stale: Story = {
  play: async () => {
    await screen.findByText(/Your plan is enterprise/)
    service().given({ network: 'down' })
    await screen.findByText(/You are offline\./)
  },
}
