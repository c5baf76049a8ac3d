import { verifyApiKey } from '../../api-keys/api-keys.ts'
import type { ApiKeyRecord, ApiKeyScope } from '../../stores/store.ts'
import type { Access, Call } from '../endpoint/endpoint.ts'

/** A request of a machine: its API key has been verified. */
export type KeyCall = Call &
  Readonly<{
    key: ApiKeyRecord
    /** Verifies the key once more: a stream outlives the moment in which it was opened. */
    again: () => Promise<ApiKeyRecord>
  }>

/** Access for machines with an API key of one of these scopes, as `Authorization: Bearer <key>`. Never for browsers: there is no CORS. */
export function keyAccess(scopes: readonly ApiKeyScope[]): Access<KeyCall> {
  return {
    scheme: 'Bearer',
    async admit(call) {
      const { domain } = call.running
      const presented = bearer(call.header('authorization'))
      const again = () => verifyApiKey(domain, presented, scopes)
      const key = await again()
      const json = async (): Promise<unknown> => {
        const body = await call.json()
        await again()
        return body
      }
      // a body that is still on its way can be held back until after the end of the key
      return call.request.complete ? { ...call, key, again } : { ...call, key, again, json }
    },
  }
}

/** Access for everybody. */
export const openAccess: Access<Call> = { scheme: 'Bearer', admit: async (call) => call }

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1]
}
