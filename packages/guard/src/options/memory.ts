import { totalmem } from 'node:os'
import { GuardError } from './error.ts'

/** What a guard may remember, in MiB. Each is its own budget: none takes from another. */
export type GuardMemory = Readonly<{
  /**
   * Licenses of accounts and who is a member of them. Default 48: about 110,000 subjects with an account each, or 300,000 with eight in one.
   * The member who was seen longest ago is forgotten and asked for again at the service.
   */
  licenses?: number
  /**
   * Ids of device proofs that were used. Default 64, about 2,000,000 at once: more than 10,000 proofs a second. Nothing is forgotten while it
   * could be used again: what does not fit is answered 503, first for those who hold the most.
   */
  replay?: number
  /** Signatures of tokens, and keys of devices, that were verified. Default 32. What is forgotten is verified again. */
  tokens?: number
  /**
   * Sessions, subjects and accounts whose tokens were revoked. Default 48, about 110,000 in the last five minutes. Of more, all tokens of the
   * subjects with the most are refused, then all tokens from before the oldest: clients get new ones without a prompt.
   */
  revocations?: number
}>

/** The budgets in bytes. */
export type MemoryBudgets = Required<GuardMemory>

const MIB = 2 ** 20
const MEMORY_MIB: Required<GuardMemory> = { licenses: 48, replay: 64, tokens: 32, revocations: 48 }
const NAMES = Object.keys(MEMORY_MIB) as (keyof GuardMemory)[]

/** The default budgets in bytes. */
export const DEFAULT_BUDGETS: MemoryBudgets = inBytes(MEMORY_MIB)

/**
 * Checks the option `memory`.
 *
 * @throws GuardError `invalid_option`, which names the budget, what was expected, what came and the fix
 */
export function checkMemory(memory: unknown): MemoryBudgets {
  if (memory === undefined) return DEFAULT_BUDGETS
  if (typeof memory !== 'object' || memory === null)
    fail('memory', 'an object of MiB per name', memory, `Its names are ${NAMES.join(', ')}.`)
  const unknown = Object.keys(memory).find((name) => !(NAMES as string[]).includes(name))
  if (unknown !== undefined) fail(`memory.${unknown}`, `one of ${NAMES.join(', ')}`, unknown, 'Correct the name or leave it out.')
  const given: Record<string, unknown> = { ...MEMORY_MIB, ...memory }
  const most = Math.floor(totalmem() / MIB)
  for (const name of NAMES) {
    const value = given[name]
    if (typeof value === 'number' && value >= 1 && value <= most) continue
    const cure = `Give MiB, or leave it out for ${MEMORY_MIB[name]}. This machine has ${most} MiB.`
    fail(`memory.${name}`, `a number from 1 to ${most}`, value, cure)
  }
  return inBytes(given as Required<GuardMemory>)
}

function inBytes({ licenses, replay, tokens, revocations }: Required<GuardMemory>): MemoryBudgets {
  return { licenses: licenses * MIB, replay: replay * MIB, tokens: tokens * MIB, revocations: revocations * MIB }
}

function fail(option: string, expected: string, given: unknown, cure: string): never {
  const shown =
    typeof given === 'string' ? `“${given.slice(0, 40)}”` : typeof given === 'object' && given !== null ? 'an object' : String(given)
  const line = `createGuard: the option ${option} must be ${expected}, got ${shown}, so nothing can be guarded. ${cure}`
  throw new GuardError('invalid_option', line, option)
}
