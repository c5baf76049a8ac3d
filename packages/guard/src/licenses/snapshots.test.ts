import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSnapshots, type Snapshot } from './snapshots.ts'

const MAX = 4
const snapshot = (account: string, subject: string, cursor = 1): Snapshot => ({ account, subject, license: null, cursor, filledAt: 0 })
const keyOf = ({ account, subject }: Pick<Snapshot, 'account' | 'subject'>): string => `${account} ${subject}`

test('finds what a scan of everything would find, whatever was kept, replaced, forgotten or pushed out before', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const step = fc.record({ does: fc.constantFrom('set', 'set', 'set', 'get', 'delete', 'clear'), account: name, subject: name })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const snapshots = createSnapshots(MAX)
      let model: [string, Snapshot][] = []
      for (const [cursor, { does, account, subject }] of steps.entries()) {
        const made = snapshot(account, subject, cursor)
        const key = keyOf(made)
        const others = model.filter(([each]) => each !== key)
        const known = model.find(([each]) => each === key)
        if (does === 'set') {
          snapshots.set(key, made)
          model = [...others, [key, made] as [string, Snapshot]].slice(-MAX)
        } else if (does === 'get') {
          expect(snapshots.get(key)).toEqual(known?.[1])
          if (known) model = [...others, known]
        } else if (does === 'delete') {
          snapshots.delete(key)
          model = others
        } else {
          snapshots.clear()
          model = []
        }
        const sorted = (entries: [string, Snapshot][]) => entries.map((each) => JSON.stringify(each)).sort()
        expect(sorted(snapshots.of({}))).toEqual(sorted(model))
        expect(sorted(snapshots.of({ subject }))).toEqual(sorted(model.filter(([, each]) => each.subject === subject)))
        expect(sorted(snapshots.of({ account }))).toEqual(sorted(model.filter(([, each]) => each.account === account)))
        expect(sorted(snapshots.of({ account, subject }))).toEqual(sorted(model.filter(([each]) => each === key)))
      }
    }),
  )
})

test('threat: many revocations hold up a guard that knows many licenses. Each costs what its subject has', () => {
  const size = 1000
  const snapshots = createSnapshots(size)
  let looks = 0
  const watch = (made: Snapshot): Snapshot =>
    new Proxy(made, {
      get(target, name) {
        looks += 1
        return Reflect.get(target, name)
      },
    })
  for (let each = 0; each < size; each++) {
    const made = snapshot('acme', `demo|${each}`)
    snapshots.set(keyOf(made), watch(made))
  }
  looks = 0
  for (let each = 0; each < size; each++) expect(snapshots.of({ subject: `demo|${each}`, account: 'acme' })).toHaveLength(1)
  expect(looks, 'a scan would look at all of them for each').toBeLessThanOrEqual(2 * size)
})
