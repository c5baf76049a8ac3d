/**
 * The ceremonies, with the library beneath them: it takes long to load, so that a service loads it once it is ready, or at the first
 * ceremony if that comes before.
 *
 * Rejects if it cannot be loaded, for as long as the process runs.
 */
export const loadCeremonies = () => import('./ceremonies.ts')
