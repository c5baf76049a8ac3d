import { request } from 'node:http'
import { ORIGIN, type Person } from '../step-up/people.ts'

/** A page that holds its stream open. */
export type OpenPage = Readonly<{
  /** When the answer began. */
  openedAt: number
  close(): void
}>

export type PageOptions = Readonly<{
  url: string
  person: Person
  /** The nonce of the service, shared by all pages: the first one learns it for the rest. */
  shared: { nonce?: string }
  /** Whether each message brings a token, as it does for clients that do not ask otherwise. */
  withToken: boolean
  /** The revision that the page knows already. */
  known?: number
  onState?: (state: Readonly<{ epoch: number; revision: number; bytes: number }>) => void
}>

/** Opens the stream of one person; asks again once if the service wants its nonce in the proof. */
export async function openPage(options: PageOptions): Promise<OpenPage> {
  try {
    return await tryOpening(options)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('401')) return await tryOpening(options)
    throw error
  }
}

function tryOpening({ url, person, shared, withToken, known, onState }: PageOptions): Promise<OpenPage> {
  const target = `${url}/v1/events`
  return new Promise((resolve, reject) => {
    const headers = {
      origin: ORIGIN,
      accept: 'text/event-stream',
      authorization: `Bearer ${person.sessionToken}`,
      dpop: person.proof('GET', target, shared.nonce),
      ...(known !== undefined && { 'last-event-id': String(known) }),
    }
    const call = request(withToken ? target : `${target}?token=0`, { headers, agent: false }, (response) => {
      const nonce = response.headers['dpop-nonce']
      if (typeof nonce === 'string') shared.nonce = nonce
      let text = ''
      response.setEncoding('utf8')
      response.on('error', () => {})
      response.on('data', (part: string) => {
        text += part
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const message = text.slice(0, end)
          text = text.slice(end + 2)
          if (!message.includes('event: state')) continue
          const [epoch, revision] = [/"epoch":(\d+)/, /"revision":(\d+)/].map((pattern) => Number(pattern.exec(message)?.[1] ?? 0))
          onState?.({ epoch: epoch ?? 0, revision: revision ?? 0, bytes: message.length })
        }
      })
      if (response.statusCode === 200) resolve({ openedAt: performance.now(), close: () => call.destroy() })
      else response.on('close', () => reject(new Error(`${response.statusCode} ${text}`)))
    })
    call.on('error', reject)
    call.end()
  })
}
