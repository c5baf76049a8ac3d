import type { Device } from '@stile/protocol'
import { type EnrollmentClient, gated } from './gated.ts'

/** The devices of the subject. */
export type DevicesClient = Readonly<{
  /** This device, those that are known to be the subject's, and the others that are signed in. Throws `StileError`. */
  list: () => Promise<readonly Device[]>
  /**
   * Forgets a device: it is signed out, and is not known any more. Gated like removing an authenticator, unless it is this one. Throws
   * `StileError`.
   */
  forget: (id: string) => Promise<void>
}>

const PATH = '/v1/devices'

/** Creates the devices of the subject over a client. */
export function createDevices(stile: EnrollmentClient): DevicesClient {
  return {
    list: async () => ((await stile.request('GET', PATH)) as { devices: readonly Device[] }).devices,
    forget: async (id) => {
      await gated(stile, () => stile.request('DELETE', `${PATH}/${encodeURIComponent(id)}`))
      await stile.refresh()
    },
  }
}
