import { createServer } from 'node:http'
import { env } from '../shared/env.ts'
import { closeServer, listenAt, stopOnSignal } from '../shared/listen.ts'
import { createApi } from './app.ts'
import { seedLicenses } from './licenses.ts'
import { createSessionTokens } from './session-tokens.ts'

const { app, close } = createApi(await createSessionTokens())
const server = createServer(app)
listenAt(server, env.api, 'demo API')
void seedLicenses()

stopOnSignal(async () => {
  void close()
  await closeServer(server)
})
