import type { Problem } from '@stile/protocol'

/** A status and a JSON body; no body if there is none. */
export type Answer = Readonly<{ status: number; body?: unknown }>

/** A JSON body as it was sent. */
export type Body = Readonly<Record<string, unknown>>

/** The answer that a problem is. */
export function refuse(body: Problem): Answer {
  return { status: body.status, body }
}

/** The response of a ceremony, member by member. */
export function responseOf(body: Body): Body {
  return typeof body.response === 'object' && body.response !== null ? (body.response as Body) : {}
}

/** The code that was typed, without its spaces. */
export function codeOf(body: Body): string {
  return String(responseOf(body).code ?? '').replaceAll(' ', '')
}
