import { buildWeb } from '../../scripts/demo.ts'

/** Builds the demo's pages once before the journeys. */
export default function setUp(): void {
  buildWeb()
}
