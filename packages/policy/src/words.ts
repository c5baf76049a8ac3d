import type { Level, Method, Requirement } from '@stile/protocol'
import { durationInWords } from './duration.ts'

const LEVELS_IN_WORDS: Readonly<Record<Level, string>> = {
  session: 'a sign-in',
  mfa: 'a second factor',
  phr: 'a passkey or security key',
  phrh: 'a hardware security key',
}

const METHODS_IN_WORDS: Readonly<Record<Method, string>> = {
  passkey: 'passkey',
  'security-key': 'security key',
  totp: 'authenticator app',
  'email-otp': 'code by e-mail',
  relogin: 'signing in again',
  'recovery-code': 'recovery code',
}

/** A requirement in people's words, such as "a second factor given in the last 15 minutes". */
export function requirementInWords(requirement: Requirement): string {
  const { level, maxAgeSeconds, methods, bind } = requirement
  return [
    LEVELS_IN_WORDS[level] ?? 'an unknown level',
    maxAgeSeconds === undefined ? '' : ` given in the last ${durationInWords(maxAgeSeconds)}`,
    methods === undefined ? '' : ` (only ${methodsInWords(methods)})`,
    bind === undefined || bind.length === 0 ? '' : `, bound to ${list(bind, 'and')}`,
  ].join('')
}

/** Methods in people's words, such as "passkey or security key". */
export function methodsInWords(methods: readonly Method[]): string {
  return methods.length === 0
    ? 'no method at all'
    : list(
        methods.map((method) => METHODS_IN_WORDS[method] ?? 'an unknown method'),
        'or',
      )
}

/** An instant in people's words, such as "2026-11-24 09:30 UTC": the minute in which it has come. */
export function instantInWords(seconds: number): string {
  const date = new Date(Math.ceil(seconds / 60) * 60_000)
  return Number.isNaN(date.getTime()) ? 'an unknown time' : `${date.toISOString().slice(0, -8).replace('T', ' ')} UTC`
}

/** A list in people's words: "a", "a or b", "a, b or c". */
export function list(items: readonly string[], conjunction: 'and' | 'or'): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1)}`
}

/** A name in quotation marks. */
export function quote(name: string): string {
  return `“${name}”`
}
