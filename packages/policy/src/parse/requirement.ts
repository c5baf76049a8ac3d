import type { Level, Method } from '@stile/protocol'
import { toRequirement } from '../compile/rules.ts'
import type { Duration, RequirementDocument } from '../document.ts'
import { methodsFor } from '../requirement.ts'
import type { Place, Report } from './issue.ts'
import { present, readDuration, readObject, readParameter, readSome, readWord } from './values.ts'
import { MEMBERS, WORDS } from './vocabulary.ts'

/** Reads a requirement: `{ level, maxAge?, methods?, bind? }`. One that no method can meet is an issue. */
export function readRequirement(value: unknown, place: Place, report: Report): RequirementDocument | undefined {
  const members = readObject(value, place, report, MEMBERS.requirement)
  if (members === undefined) return undefined
  const { level: givenLevel, maxAge, methods: givenMethods, bind } = members
  const level = readWord<Level>(givenLevel, [...place, 'level'], report, WORDS.level)
  const methods = givenMethods === undefined ? undefined : readMethods(givenMethods, [...place, 'methods'], report)
  const optional = present({
    maxAge: maxAge === undefined ? undefined : readDuration<Duration>(maxAge, [...place, 'maxAge'], report, 1),
    methods,
    bind: bind === undefined ? undefined : readSome(bind, [...place, 'bind'], report, (item, at) => readParameter(item, at, report)),
  })
  if (level === undefined) return undefined
  const requirement: RequirementDocument = { level, ...optional }
  if (methods !== undefined && methodsFor(toRequirement(requirement)).length === 0) {
    report.add(
      [...place, 'methods'],
      `None of these methods reaches ${level}${bind === undefined ? '' : ' for an operation'}, so the requirement could never be met; add one that does.`,
    )
    return undefined
  }
  return requirement
}

/** Reads a list of methods; one that could not be read in full says nothing about what it can meet, so it counts as absent. */
function readMethods(value: unknown, place: Place, report: Report): readonly Method[] | undefined {
  const methods = readSome(value, place, report, (item, at) => readWord<Method>(item, at, report, WORDS.methods))
  return methods?.length === (value as readonly unknown[]).length ? methods : undefined
}
