import { z } from 'zod'
import { isLoopback } from './origins.ts'

/** An http or https URL; whether plain http will do, {@link insecure} says. */
export const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'is not an http or https URL')

/** How to fix a URL that {@link insecure} finds. */
export const HTTPS = { fix: "Use https; plain http is only for localhost and for environment 'test'." }

/** Whether a URL is one that a live service must not use. */
export function insecure(text: string, live: boolean): boolean {
  const url = new URL(text)
  return live && url.protocol !== 'https:' && !isLoopback(url)
}
