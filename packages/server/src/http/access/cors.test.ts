import { expect, test } from 'vitest'
import { clientOf } from './cors.ts'

const options = {
  publicUrl: 'https://app.example.com/stile',
  clients: [
    { id: 'marketing', origins: ['https://www.example.com'] },
    { id: 'web', origins: ['https://app.example.com'] },
    { id: 'batch', origins: [] },
  ],
  audiences: [
    { id: 'https://public.example', clients: ['marketing'] },
    { id: 'https://batch.example', clients: ['batch', 'web'] },
  ],
}
const elsewhere = { ...options, publicUrl: 'https://stile.example' }
const batch = 'https://batch.example'

test.each([
  ['the client that lists the origin', options, 'https://www.example.com', batch, 'marketing'],
  ['none, if nobody lists the origin', options, 'https://evil.example', undefined, undefined],
  ['none for the origin of what is sandboxed', options, 'null', undefined, undefined],
  ['the client of the page that the service stands beside, which sends no origin', options, undefined, undefined, 'web'],
  ['that client whatever it asks for', options, undefined, 'https://public.example', 'web'],
  ['the first client that may ask for the audience, if no client has the origin of the service', elsewhere, undefined, batch, 'web'],
  ['the first client if nobody may ask for it', elsewhere, undefined, 'https://nobody.example', 'marketing'],
  ['the first client if nothing tells', elsewhere, undefined, undefined, 'marketing'],
])('a request belongs to %s', (_name, given, origin, audience, client) => {
  expect(clientOf(given, origin, audience)?.id).toBe(client)
})
