import { normalizeAddress } from './address.ts'

/** Who mails are from: `no-reply@example.com` or `Example <no-reply@example.com>`. */
export type Sender = Readonly<{ name: string; address: string }>

/** Reads a sender. Throws if it is none. */
export function readSender(text: string): Sender {
  const [, name = '', bracketed] = /^([^<>]*)<([^<>]+)>$/.exec(text.trim()) ?? []
  const address = normalizeAddress(bracketed ?? text)
  if (address === undefined || /[\p{Cc}\p{Cs}]/u.test(name)) throw new TypeError('The sender of mails is not an address.')
  return { name: name.trim().replace(/^"(.*)"$/, '$1'), address }
}

/** Whether a text names a sender. */
export function isSender(text: string): boolean {
  try {
    return readSender(text) !== undefined
  } catch {
    return false
  }
}
