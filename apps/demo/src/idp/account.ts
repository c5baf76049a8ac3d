import type { RequestHandler } from 'express'
import type Provider from 'oidc-provider'
import { env } from '../shared/env.ts'
import { userOf } from '../shared/users.ts'
import { page } from './pages.ts'

/** The page on which people see that they are signed in, and sign out of everything at once. */
export function createAccountPage(provider: Provider): RequestHandler {
  return async (request, response) => {
    const { accountId } = await provider.Session.get(provider.createContext(request, response))
    const user = accountId === undefined ? undefined : userOf(accountId)
    if (!user)
      return void response.send(
        page('Not signed in', { body: [{ text: 'Sign in from the product that you want to use.' }], link: env.web }),
      )
    response.send(
      page('Signed in', {
        body: [{ text: `You are signed in as ${user.name} (${user.email}).` }],
        html: '<form method="get" action="/session/end"><button type="submit">Sign out everywhere</button></form>',
        link: env.web,
      }),
    )
  }
}
