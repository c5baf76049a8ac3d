import { describe, expect, test } from 'vitest'
import { problemOf, tally } from '../step-ups/world.test-support.ts'
import type { Domain } from '../tokens/domain.ts'
import { makeRecoveryLink, sendRecoveryLink } from './index.ts'
import { tokenIn, useLostKeys } from './recovery.test-support.ts'
import { PAGE } from './world.test-support.ts'

const setup = useLostKeys()
const { redeem } = setup

describe('the link of an administrator', () => {
  test('is sent to the pinned address, works once, and says for ever that it was one', async () => {
    const sent = await sendRecoveryLink(setup.world.domain, setup.alice.subject)
    expect(sent).toEqual({ expiresAt: setup.world.clock.now() + 3600, sentTo: 'a•••@example.com' })
    const mail = setup.world.server.newest('alice@example.com')
    const url = /https:\/\/app\.example\/recover#\S+/.exec(mail.text)?.[0] as string
    await redeem({ link: tokenIn(url) })
    expect(await setup.world.addPasskey(setup.alice)).toMatchObject({ boundBy: { method: 'admin', level: 'session' } })
    expect((await problemOf(redeem({ link: tokenIn(url) }))).code).toBe('recovery_failed')
    expect(await setup.world.notices()).toEqual(['recovery_used alice@example.com', 'authenticator_added alice@example.com'])
  })

  test('threat: its token would stand in the store, or in a request to the page', async () => {
    const { url } = await makeRecoveryLink(setup.world.domain, setup.alice.subject)
    const [page, fragment] = url.split('#')
    expect(page).toBe(PAGE)
    expect(fragment).toMatch(/^stile-recovery=[A-Za-z0-9_-]{43}$/)
    const { store } = setup.world.domain
    let kept = ''
    const openLink: typeof store.recovery.openLink = async (input) => {
      kept = JSON.stringify(input)
    }
    const watched: Domain = {
      ...setup.world.domain,
      store: { ...store, recovery: { ...store.recovery, openLink } },
    }
    const hidden = await makeRecoveryLink(watched, setup.alice.subject)
    expect(kept).not.toContain(tokenIn(hidden.url))
  })

  test('tells the pinned address where it is handed over instead of sent', async () => {
    await makeRecoveryLink(setup.world.domain, setup.alice.subject)
    expect(await setup.world.notices()).toEqual(['recovery_link_requested alice@example.com'])
  })

  test('threat: a former one, one that has expired, or one of another subject would recover', async () => {
    const links = [
      await makeRecoveryLink(setup.world.domain, setup.alice.subject),
      await makeRecoveryLink(setup.world.domain, setup.alice.subject),
    ]
    const [former, newer] = links.map(({ url }) => tokenIn(url))
    const bob = await setup.world.person('bob', { jkt: 'bobs-device' })
    expect((await problemOf(redeem({ link: former }))).code).toBe('recovery_failed')
    expect((await problemOf(redeem({ link: newer }, bob))).code).toBe('recovery_failed')
    expect((await problemOf(redeem({ code: newer }))).code).toBe('recovery_failed')
    setup.world.clock.advance(3600)
    expect((await problemOf(redeem({ link: newer }, setup.world.signedIn(setup.alice)))).code).toBe('recovery_failed')
  })

  test('threat: would be redeemed twice at the same time', async () => {
    const link = tokenIn((await makeRecoveryLink(setup.world.domain, setup.alice.subject)).url)
    const others = Array.from({ length: 8 }, (_, index) => ({ ...setup.alice, jkt: `device-${index}` }))
    for (const each of others) await setup.world.arrive(each)
    const { won } = await tally(others.map((by) => redeem({ link }, by)))
    expect(won).toBe(1)
  })

  test('threat: somebody who guesses codes would keep people from the link that they were sent', async () => {
    for (let count = 0; count < 10; count++) await problemOf(redeem({ code: 'no' }))
    const link = tokenIn((await makeRecoveryLink(setup.world.domain, setup.alice.subject)).url)
    for (let count = 0; count < 12; count++) expect((await problemOf(redeem({ link: 'A'.repeat(43) }))).code).toBe('recovery_failed')
    expect(await redeem({ link })).toBeDefined()
  })

  test('threat: without a sign-in it would be used, or used up', async () => {
    const link = tokenIn((await makeRecoveryLink(setup.world.domain, setup.alice.subject)).url)
    setup.world.clock.advance(301)
    expect((await problemOf(redeem({ link }))).code).toBe('insufficient_user_authentication')
    expect(await redeem({ link }, setup.world.signedIn(setup.alice))).toBeDefined()
  })

  test('is not there where it could not be sent, and the administrator is told', async () => {
    await setup.world.server.stop()
    expect(await problemOf(sendRecoveryLink(setup.world.domain, setup.alice.subject))).toMatchObject({
      code: 'mail_unavailable',
      status: 503,
    })
    expect(await problemOf(sendRecoveryLink(setup.world.domain, 'main|nobody'))).toMatchObject({
      code: 'method_unavailable',
      detail: expect.stringContaining('address'),
    })
    const { mail: _, ...silent } = setup.world.domain
    expect((await problemOf(sendRecoveryLink(silent, setup.alice.subject))).detail).toContain('mail server')
    const homeless = { ...setup.world.domain, options: { ...setup.world.domain.options, recovery: {} } }
    for (const refused of [sendRecoveryLink(homeless, setup.alice.subject), makeRecoveryLink(homeless, setup.alice.subject)])
      expect((await problemOf(refused)).detail).toContain('recovery.url')
  })
})
