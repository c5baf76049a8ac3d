import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'

/**
 * The TOTP code of a base32 secret at a time, by a generator that shares nothing with the service: `oathtool` if it is installed, else a
 * few lines after RFC 6238.
 */
export function codeAt(secret: string, seconds: number): string {
  try {
    return execFileSync('oathtool', ['--totp', '-b', '-N', `@${seconds}`, secret], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return ownCodeAt(secret, seconds)
  }
}

function ownCodeAt(secret: string, seconds: number): string {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE((mac[19] ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Well-formed codes, as many as `count`, that the secret does not have at any time near `seconds`. */
export function wrongCodes({ secret, seconds, count }: Readonly<{ secret: string; seconds: number; count: number }>): string[] {
  const right = new Set([-60, -30, 0, 30, 60].map((offset) => codeAt(secret, seconds + offset)))
  const codes: string[] = []
  for (let number = 0; codes.length < count; number++) {
    const code = String(number).padStart(6, '0')
    if (!right.has(code)) codes.push(code)
  }
  return codes
}
