import type { Router } from 'express'
import {
  finishRegistration,
  listAuthenticators,
  removeAuthenticator,
  renameAuthenticator,
  startRegistration,
} from '../../authenticators/index.ts'
import { createLane } from '../../changes/lane.ts'
import { createOpenStreams, MAX_STREAMS_PER_BUDGET } from '../../changes/limits.ts'
import { createPulse } from '../../changes/pulse.ts'
import { stateOf } from '../../decisions/state.ts'
import { forgetDevice, listDevices } from '../../devices/devices.ts'
import { makeRecoveryCodes, recoveryOf, redeemRecovery } from '../../recovery/index.ts'
import { signOut } from '../../sessions/end-sessions.ts'
import { loadStanding } from '../../standing/standing.ts'
import { requestToken } from '../../step-ups/request-token.ts'
import { audienceFor } from '../../tokens/audience.ts'
import { type SubjectCall, subjectAccess } from '../access/subject-access.ts'
import type { HttpContext } from '../context.ts'
import { created, NOTHING, ok } from '../endpoint/answer.ts'
import { BODY_LIMIT, REGISTRATION_BODY_LIMIT } from '../endpoint/body.ts'
import { addEndpoint, type Handler, type HttpMethod } from '../endpoint/endpoint.ts'
import { events } from './events.ts'
import { addStepUpRoutes } from './step-up-routes.ts'

/** How many states are computed at the same time for all open streams. */
const STATE_LANE = 8

/** How many who open a stream are told apart at the same time: after a restart all of them come back at once, and other requests go first. */
const ADMISSION_LANE = 256

/** What the pages of a product call: state, step-ups, tokens, authenticators and recovery. */
export function addSubjectRoutes(router: Router, context: HttpContext): void {
  const access = subjectAccess(context)
  const add = (path: string, methods: { [M in HttpMethod]?: Handler<SubjectCall> }, bodyLimit: number = BODY_LIMIT): void =>
    addEndpoint(router, context, { path, access, methods, bodyLimit })

  add('/v1/state', {
    async GET({ running: { domain }, caller, query }) {
      const audience = audienceFor(domain, caller, query('audience'))
      return ok(await stateOf(domain, await loadStanding(domain, caller), audience))
    },
  })
  const streams = {
    openStreams: createOpenStreams(MAX_STREAMS_PER_BUDGET),
    lane: createLane(STATE_LANE),
    pulse: createPulse(context.options.heartbeatSeconds),
  }
  addEndpoint(router, context, {
    path: '/v1/events',
    access: subjectAccess(context, { isStream: true, lane: createLane(ADMISSION_LANE) }),
    methods: { GET: events(context, streams) },
    streams: true,
  })

  addStepUpRoutes(router, context)
  add('/v1/tokens', {
    POST: async ({ running: { domain }, caller, json }) => ok(await requestToken(domain, caller, await json())),
  })
  add('/v1/session', {
    async DELETE({ running: { domain }, caller }) {
      await signOut(domain, caller)
      return NOTHING
    },
  })

  add('/v1/authenticators', { GET: async ({ running: { domain }, caller }) => ok(await listAuthenticators(domain, caller)) })
  add('/v1/authenticators/registrations', {
    POST: async ({ running: { domain }, caller, json }) => created(await startRegistration(domain, caller, await json())),
  })
  add(
    '/v1/authenticators/registrations/:id',
    {
      POST: async ({ running: { domain }, caller, param, json }) =>
        created(await finishRegistration(domain, caller, param('id'), await json())),
    },
    REGISTRATION_BODY_LIMIT,
  )
  add('/v1/authenticators/:id', {
    PATCH: async ({ running: { domain }, caller, param, json }) => ok(await renameAuthenticator(domain, caller, param('id'), await json())),
    async DELETE({ running: { domain }, caller, param }) {
      await removeAuthenticator(domain, caller, param('id'))
      return NOTHING
    },
  })

  add('/v1/devices', { GET: async ({ running: { domain }, caller }) => ok(await listDevices(domain, caller)) })
  add('/v1/devices/:id', {
    async DELETE({ running: { domain }, caller, param }) {
      await forgetDevice(domain, caller, param('id'))
      return NOTHING
    },
  })

  add('/v1/recovery', {
    GET: async ({ running: { domain }, caller }) => ok(await recoveryOf(domain, caller)),
    POST: async ({ running: { domain }, caller, json }) => created(await redeemRecovery(domain, caller, await json())),
  })
  add('/v1/recovery/codes', {
    async POST({ running: { domain }, caller, json }) {
      await json()
      return created(await makeRecoveryCodes(domain, caller))
    },
  })
}
