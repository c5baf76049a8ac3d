import type { Method } from '@stile/protocol'

/** Loads what a step-up that begins with this method is shown with. Rejects if something cannot be loaded, which is asked for again later. */
export async function prepareViews(method: Method): Promise<void> {
  await Promise.all([import('./methods-view.ts'), import('../texts/error-text.ts'), method === 'totp' && import('./code-view.ts')])
}
