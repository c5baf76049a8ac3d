import type { ChildProcess } from 'node:child_process'

/** The next message of a server under load; rejects if it stops. */
export function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stopped = () => reject(new Error('The server under load stopped.'))
    child.once('exit', stopped)
    child.once('message', (message) => {
      child.off('exit', stopped)
      resolve(message)
    })
  })
}
