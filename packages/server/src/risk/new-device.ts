import type { Policy } from '@stile/policy'
import type { Band, Reason } from '@stile/protocol'
import type { KnownDevices } from '../stores/store.ts'

/** How dangerous the context of a caller looks, and why. */
export type Risk = Readonly<{ band: Band; reasons: readonly Reason[] }>

/**
 * Judges the device key: a subject who has proven to own devices, on one that is none of them, is `elevated`.
 *
 * A first login is `normal`: there is nothing that it could differ from. An acting party has no devices of the subject.
 */
export function assessRisk(policy: Policy, { any, bound }: KnownDevices): Risk {
  if (!any || bound) return { band: 'normal', reasons: [] }
  const source = policy.document.risk?.elevated === undefined ? '' : '/risk/elevated'
  const message = 'This browser is new to this account. Prove with something enrolled that it is yours, and it will be known.'
  return { band: 'elevated', reasons: [{ code: 'risk_elevated', source, message }] }
}
