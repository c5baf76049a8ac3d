import { expect, test } from 'vitest'
import { createStile } from './client.ts'
import { API, SERVICE, setup } from './wire.test-support.ts'

test('options that cannot work are refused by name', () => {
  const session = async () => ''
  expect(() => createStile({ service: 'id.example', session, audiences: { api: [API] } })).toThrow(/service needs an absolute URL/)
  expect(() => createStile({ service: SERVICE, session, audiences: { api: ['api.example'] } })).toThrow(/audiences needs an absolute URL/)
  expect(() => createStile({ service: SERVICE, session, audiences: {} })).toThrow(/audiences names no API/)
})

test('a path that would change the host carries no credential there', async () => {
  const { stile, arrived, why } = setup()
  for (const path of ['@evil.example/', '.evil.example/', ':8443/', '', 'v1/state'])
    await expect(stile.request('GET', path)).rejects.toThrow(TypeError)
  expect(arrived).toEqual([])
  expect(why).toEqual([])
})
