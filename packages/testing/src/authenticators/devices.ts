import { problem } from '@stile/protocol'
import { type Answer, refuse } from '../requests/answer.ts'
import type { ServiceContext } from '../requests/context.ts'
import { refusalToManage } from './management.ts'

/** The devices of the subject, and how one is forgotten. */
export type Devices = Readonly<{ list: () => Answer; forget: (id: string) => Answer }>

/** Creates the devices of the service. */
export function createDevices(context: ServiceContext): Devices {
  const { world, change, changes } = context
  return {
    list: () => ({ status: 200, body: { devices: world().devices } }),
    forget: (id) => {
      const found = world().devices.find((each) => each.id === id)
      if (!found) return refuse(problem('not_found', 'There is no such device.'))
      const asked = { change: 'forget', id, ...(found.name !== undefined && { name: found.name }) }
      const refused = found.current ? undefined : refusalToManage(context, asked)
      if (refused) return refused
      changes.use(asked)
      change({ devices: world().devices.filter((each) => each.id !== id) })
      return { status: 204 }
    },
  }
}
