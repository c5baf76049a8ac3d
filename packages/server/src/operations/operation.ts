import { createHash } from 'node:crypto'
import { type Operation, operationInput, parseOperation } from '@stile/protocol'
import { StileError } from '../error.ts'
import type { FactsDomain } from '../options/domain.ts'
import type { StepUpRecord } from '../stores/store.ts'

const SALT_BYTES = 16

/** What makes an operation this one and no other, beside its parameters. */
export type OperationContext = Readonly<{ feature: string; account: string; audience: string }>

/** An operation with what names it: its digest and salt (base64url). */
export type SaltedOperation = Readonly<{ params: Operation; digest: string; salt: string }>

/** Names an operation by a digest with a new salt. */
export function saltOperation({ random }: Pick<FactsDomain, 'random'>, context: OperationContext, params: Operation): SaltedOperation {
  const salt = Buffer.from(random(SALT_BYTES)).toString('base64url')
  const digest = createHash('sha256')
    .update(operationInput({ ...context, params, salt }))
    .digest('base64url')
  return { params, digest, salt }
}

/**
 * Reads the operation that a step-up is to be bound to, and its digest.
 *
 * @throws {StileError} `invalid_operation` if it is malformed, or does not have exactly the parameters that the policy binds.
 */
export function bindOperation(
  domain: Pick<FactsDomain, 'random'>,
  { bind, ...context }: OperationContext & Readonly<{ bind: readonly string[] }>,
  value: unknown,
): NonNullable<StepUpRecord['operation']> {
  const read = parseOperation(value, bind)
  if (!read.ok) {
    const errors = read.errors.map(({ pointer, detail }) => ({ pointer: `/operation${pointer}`, detail }))
    const detail = `A proof for this is bound to ${bind.join(', ')}. Send "operation" with exactly these members. See "errors".`
    throw new StileError('invalid_operation', detail, { feature: context.feature, errors })
  }
  return saltOperation(domain, context, read.operation)
}
