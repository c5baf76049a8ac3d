import type { Problem } from '@stile/protocol'
import type { StileError } from '../base.ts'

const told = new Set<string>()

/**
 * Tells the developer on the console, once per page, why the state cannot be read: what the service answered, or what answered in its place.
 * Whoever uses the page reads a sentence of its own.
 */
export function report({ code, problem, cause }: StileError, service: string): void {
  const line = `Stile: the state of this page cannot be read from ${service} (${code}). ${happenedIn({ problem, cause })}`
  tell(
    problem
      ? line
      : `${line}\nIs the service running there, and does createStile's "service" name it? A network that fails looks the same.`,
  )
}

/** Tells the developer on the console, once per page, that a step-up cannot succeed because of how page and service are set up. */
export function reportStepUp({ code, problem, cause }: StileError, feature: string): void {
  tell(`Stile: the step-up for ${feature} cannot be done here (${code}). ${happenedIn({ problem, cause })}`)
}

function happenedIn({ problem, cause }: Readonly<{ problem: Problem | undefined; cause: unknown }>): string {
  return problem?.detail ?? (cause instanceof Error ? cause.message : '')
}

function tell(line: string): void {
  if (told.has(line)) return
  told.add(line)
  console.error(line)
}
