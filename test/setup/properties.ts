import { configureGlobal } from 'fast-check'

/** How often a property test tries that does not say otherwise: `pnpm test --all` asks for many more. */
configureGlobal({ numRuns: Number(process.env.PROPERTY_RUNS ?? 100) })
