import type { Method } from '@stile/protocol'
import { type Observable, observable } from './observable.ts'

/**
 * The methods that the step-ups of this page would begin with, as its state tells: what they need is loaded before they are asked for.
 * Nothing else depends on it, so that clients of one page may share it, as they share what was loaded.
 */
export const firstMethods: Observable<readonly Method[]> = observable<readonly Method[]>([])
