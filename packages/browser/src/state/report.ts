import type { StileError } from '../base.ts'

const told = new Set<string>()

/**
 * Tells the developer on the console, once per page, why the state cannot be read: what the service answered, or what answered in its place.
 * Whoever uses the page reads a sentence of its own.
 */
export function report({ code, problem, cause }: StileError, service: string): void {
  const happened = problem?.detail ?? (cause instanceof Error ? cause.message : '')
  const line = `Stile: the state of this page cannot be read from ${service} (${code}). ${happened}`
  if (told.has(line)) return
  told.add(line)
  console.error(
    problem
      ? line
      : `${line}\nIs the service running there, and does createStile's "service" name it? A network that fails looks the same.`,
  )
}
