import { Agent, request } from 'node:http'
import { FEATURE, ORIGIN, type Person } from './people.ts'

/** The page of one person: it loads, and later somebody clicks. */
export type Page = Readonly<{
  /** Makes the session known: the first proof has no nonce, and the service gives one. */
  load(): Promise<unknown>
  state(): Promise<unknown>
  stepUp(): Promise<void>
}>

/** Connections that are kept, so many at most. */
export const createAgent = (maxSockets: number): Agent => new Agent({ keepAlive: true, maxSockets })

export function createPage({ url, agent, person, dpop }: Readonly<{ url: string; agent: Agent; person: Person; dpop: boolean }>): Page {
  let nonce: string | undefined
  const send = (method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body)
      const headers = {
        origin: ORIGIN,
        authorization: `Bearer ${person.sessionToken}`,
        ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...(dpop && { dpop: person.proof(method, url + path, nonce) }),
      }
      const call = request(url + path, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          nonce = (response.headers['dpop-nonce'] as string | undefined) ?? nonce
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) })
        })
      })
      call.on('error', reject)
      call.end(text)
    })
  return {
    async load() {
      await send('GET', '/v1/state')
      await send('GET', '/v1/state')
    },
    state: () => send('GET', '/v1/state'),
    async stepUp() {
      const opened = await send('POST', '/v1/step-ups', { feature: FEATURE })
      const { id, methods } = opened.body as { id: string; methods?: { start: { challenge: string } }[] }
      const challenge = methods?.[0]?.start.challenge
      if (challenge === undefined) throw new Error(`No step-up was opened: ${JSON.stringify(opened.body)}`)
      const done = await send('POST', `/v1/step-ups/${id}/attempts`, { method: 'passkey', response: person.assert(challenge) })
      if (done.body.status !== 'done') throw new Error(`A step-up of the benchmark failed: ${JSON.stringify(done.body)}`)
    },
  }
}
