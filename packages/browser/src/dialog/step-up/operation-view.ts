import type { Operation } from '@stile/protocol'
import { adoptStyles, createSay, element, type StyleTarget, type Texts } from '../parts.ts'
import { OPERATION_TEXTS } from '../texts/operation-texts.ts'
import type { AddOperation } from './step-up-view.ts'

const STYLES = `
[part=operation] {
  display: grid;
  grid-template-columns: auto 1fr;
  gap: 0.25rem 1rem;
  margin: 0;
  overflow-wrap: anywhere;
  dt { color: var(--_muted); }
  dd { margin: 0; font-weight: 600; }
}`

/** Tells in every view of a step-up what it confirms. It is loaded only for a step-up that is bound to an operation. */
export function createOperationView(
  { feature, operation }: Readonly<{ feature: string; operation: Operation }>,
  { styles, texts }: Readonly<{ styles: StyleTarget; texts: Partial<Texts> | undefined }>,
): AddOperation {
  adoptStyles(styles, STYLES)
  const say = createSay({ ...OPERATION_TEXTS, ...texts })
  if (feature === 'stile:authenticators') {
    const { change, method, ...named } = operation
    const keys = [`${change}_${method}`, named.name ? `${change}` : `${change}_unnamed`, 'change']
    const sentence = say(keys, named as Readonly<Record<string, string>>)
    // it stands for what the step-up is needed for
    return (view) => (view.about ? { ...view, about: [`${sentence}.`, ...view.about.slice(1)] } : view)
  }
  const rows = Object.entries(operation).flatMap(([name, value]) => [
    element('dt', {}, say(`operation_${name}`) || name),
    element('dd', {}, `${value}`),
  ])
  const list = element('dl', { part: 'operation' }, ...rows)
  return (view) => ({ ...view, body: () => [list, ...(view.body?.() ?? [])] })
}
