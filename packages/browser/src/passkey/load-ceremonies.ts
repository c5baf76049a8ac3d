/** Loads the passkey ceremonies. */
export function loadCeremonies(): Promise<typeof import('./ceremonies.ts')> {
  return import('./ceremonies.ts')
}
