import { connect } from 'node:net'

/** What came of a load: how many answers a second, and how long the slowest in a hundred took. */
export type Load = Readonly<{ perSecond: number; p99Ms: number }>

/** What is sent, to whom, and over how many connections at a time; each sends its next request when its last one was answered. */
export type LoadOptions = Readonly<{ port: number; requests: readonly Buffer[]; connections: number }>

/**
 * Sends requests that were written beforehand, each once.
 *
 * It reads no more of an answer than it must, so that one core of load is enough for a server on another one.
 *
 * @throws Error  if an answer is not 200: a benchmark that measures refusals measures nothing
 */
export async function drive({ port, requests, connections }: LoadOptions): Promise<Load> {
  const tookMs: number[] = []
  let next = 0
  const lane = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      let sentAt = 0
      let answer = ''
      const send = (): void => {
        const request = requests[next++]
        if (request === undefined) {
          socket.end()
          resolve()
          return
        }
        sentAt = performance.now()
        answer = ''
        socket.write(request)
      }
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1')
        const head = answer.indexOf('\r\n\r\n')
        if (head < 0) return
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head + 2))?.[1] ?? Number.NaN)
        if (answer.length < head + 4 + length) return
        if (!answer.startsWith('HTTP/1.1 200 ')) {
          socket.destroy()
          reject(new Error(`A request of the benchmark was refused: ${answer.slice(0, 600)}`))
          return
        }
        tookMs.push(performance.now() - sentAt)
        send()
      })
    })
  const begun = performance.now()
  await Promise.all(Array.from({ length: connections }, lane))
  const seconds = (performance.now() - begun) / 1_000
  tookMs.sort((one, other) => one - other)
  return { perSecond: requests.length / seconds, p99Ms: tookMs[Math.floor(tookMs.length * 0.99)] ?? Number.NaN }
}
