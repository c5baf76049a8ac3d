import type { policy } from '../../shared/policy.ts'

declare module '@stile/react' {
  interface Register {
    policy: typeof policy
  }
}
