import { createHash } from 'node:crypto'
import { operationInput, parseOperation } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { StepUpRecord } from '../stores/store.ts'

const SALT_BYTES = 16

/** What makes an operation this one and no other. */
export type OperationContext = Readonly<{ feature: string; account: string; audience: string; bind: readonly string[] }>

/**
 * Reads the operation that a step-up is to be bound to, and its digest.
 *
 * @throws {StileError} `invalid_operation` if it is malformed, or does not have exactly the parameters that the policy binds.
 */
export function bindOperation(
  domain: Pick<FactsDomain, 'random'>,
  { feature, account, audience, bind }: OperationContext,
  value: unknown,
): NonNullable<StepUpRecord['operation']> {
  const read = parseOperation(value, bind)
  if (!read.ok) {
    const errors = read.errors.map(({ pointer, detail }) => ({ pointer: `/operation${pointer}`, detail }))
    const detail = `A proof for this is bound to ${bind.join(', ')}. Send "operation" with exactly these members. See "errors".`
    throw new StileError('invalid_operation', detail, { feature, errors })
  }
  const params = read.operation
  const salt = Buffer.from(domain.random(SALT_BYTES)).toString('base64url')
  const digest = createHash('sha256').update(operationInput({ feature, account, audience, params, salt })).digest('base64url')
  return { params, digest, salt }
}
