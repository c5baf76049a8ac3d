import type { ReasonCode, Requirement } from '@stile/protocol'
import type { Flow, Stile } from '../../stile.ts'
import type { Say } from '../texts/texts.ts'

/** The reasons that are told, the one that tells people most first. The policy's own sentences are for developers. */
const TOLD: readonly ReasonCode[] = [
  'license_upgraded',
  'compliance_required',
  'risk_elevated',
  'assurance_stale',
  'operation_unbound',
  'step_up_required',
]

const HOUR_SECONDS = 3600

/** What an explanation is made of. */
export type ExplainOptions = Readonly<{
  flow: Flow
  client: Pick<Stile, 'get'>
  say: Say
  /** What people read as the thing that is asked for. */
  label: string | undefined
  /** Who is signed in, as people know it. */
  user: string | undefined
}>

/** Explains a step-up, line by line: what for, why now, who is asked, and for how long the proof will do. Any line may be empty. */
export function explain({ flow, client, say, label, user }: ExplainOptions): readonly string[] {
  const { feature, operation } = flow
  const known = client.get()
  const decision = known.status === 'ready' && Object.hasOwn(known.state.decisions, feature) ? known.state.decisions[feature] : undefined
  const state = flow.get()
  const decided = decision && 'requirement' in decision ? decision.requirement : undefined
  const requirement = 'stepUp' in state ? state.stepUp.requirement : decided
  const codes = decision?.reasons.map(({ code }) => code) ?? []
  return [
    label ? say('purpose', { feature: label }) : '',
    say(TOLD.filter((code) => codes.includes(code)).map((code) => `why_${code}`)),
    user ? say('signedInAs', { user }) : '',
    operation ? '' : holds(say, requirement),
  ]
}

function holds(say: Say, { maxAgeSeconds = 0, bind }: Partial<Requirement> = {}): string {
  if (maxAgeSeconds < 60 || bind) return ''
  const isLong = maxAgeSeconds >= 2 * HOUR_SECONDS
  const count = Math.floor(maxAgeSeconds / (isLong ? HOUR_SECONDS : 60))
  return say('holds', { time: timeText(count, isLong ? 'hour' : 'minute') })
}

/** Such as `15 minutes`, in the language of the page. */
function timeText(count: number, unit: 'hour' | 'minute'): string {
  const options = { style: 'unit', unit, unitDisplay: 'long' } as const
  try {
    return new Intl.NumberFormat(document.documentElement.lang || 'en', options).format(count)
  } catch {
    return new Intl.NumberFormat('en', options).format(count)
  }
}
