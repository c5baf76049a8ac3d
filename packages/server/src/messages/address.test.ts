import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskAddress, normalizeAddress } from './address.ts'

describe('an address', () => {
  test.each([
    ['ada@example.com', 'ada@example.com'],
    ['  ada@example.com ', 'ada@example.com'],
    ['Ada.Love+stile@EXAMPLE.Com', 'Ada.Love+stile@example.com'],
    ["o'brien/x=y@sub.example.co.uk", "o'brien/x=y@sub.example.co.uk"],
    ['jose\u0301@exa\u0301mple.com', 'jos\u00e9@ex\u00e1mple.com'],
    ['用户@例子.公司', '用户@例子.公司'],
    ['x@xn--bcher-kva.example', 'x@xn--bcher-kva.example'],
    ['ada@münchen.example', 'ada@münchen.example'],
    ['ada..love@docomo.example', 'ada..love@docomo.example'],
    ['ada.@docomo.example', 'ada.@docomo.example'],
    ["!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"],
  ])('%j is kept as %j', (typed, kept) => {
    expect(normalizeAddress(typed)).toBe(kept)
    expect(normalizeAddress(kept)).toBe(kept)
  })

  test.each([
    ...[
      '',
      ' ',
      '@',
      'ada',
      'ada@',
      '@example.com',
      'ada@@example.com',
      'ada@eve@example.com',
      'ada@example',
      'ada@.com',
      'ada@example..com',
    ],
    ...[
      'ada@example.com.',
      'ada@-example.com',
      'ada@example-.com',
      'ada@[127.0.0.1]',
      'ada@127.0.0.1:25',
      '.ada@example.com',
      '.@example.com',
      '..@example.com',
    ],
    ...['Ada <ada@example.com>', '<ada@example.com>', 'ada@example.com, eve@example.com', 'ada@example.com;eve@example.com'],
    ...[
      '"ada"@example.com',
      '"ada@example.com"@evil.example',
      'ada(x)@example.com',
      'ada@example.com(x)',
      'ada\\@example.com',
      'a da@example.com',
    ],
    ...['ada@exam ple.com', 'ada@example.com\r\nBcc: eve@example.com', 'ada\r\n@example.com', 'ada\u0000@example.com', 'ada\t@example.com'],
    ...[
      'ada\u200b@example.com',
      'ada@exam\u00adple.com',
      'ada\u202e@example.com',
      '\ud800@example.com',
      'ada\u00a0@example.com',
      'ada\u3000@example.com',
    ],
    ...[
      'ada@example。com',
      'ada＠example.com',
      'ada@example.com?x=y',
      'ada@exam_ple.com',
      'ada@example.com/x',
      `${'a'.repeat(65)}@example.com`,
    ],
    `ada@${'a'.repeat(64)}.com`,
    `ada@${'a.'.repeat(126)}com`,
    `${'é'.repeat(33)}@example.com`,
  ])('threat: %j would be taken for one plain address', (typed) => {
    expect(normalizeAddress(typed)).toBeUndefined()
  })

  test.each([undefined, null, 7, {}, ['ada@example.com'], { toString: () => 'ada@example.com' }])('is no %j', (value) => {
    expect(normalizeAddress(value)).toBeUndefined()
  })

  test('is bounded at 254 bytes and not before', () => {
    const of = (length: number) => `${'a'.repeat(64)}@${`${'b'.repeat(60)}.`.repeat(4).slice(0, length - 65 - 4)}.com`
    expect(normalizeAddress(of(254))).toHaveLength(254)
    expect(normalizeAddress(of(255))).toBeUndefined()
  })

  test('whatever is sent, what is kept is one line with one @ outside of it, and stays as it is', () => {
    const parts = fc.array(
      fc.oneof(fc.constantFrom('@', '.', ' ', '"', '<', '>', ',', '\r\n', 'a', 'É', 'example.com'), fc.string({ unit: 'binary' })),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(parts, (each) => {
        const kept = normalizeAddress(each.join(''))
        if (kept === undefined) return
        expect(normalizeAddress(kept)).toBe(kept)
        expect(kept).toMatch(/^[^\s"(),:;<>@[\\\]\p{C}]+@[\p{L}\p{M}\p{N}.-]+$/u)
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(254)
      }),
    )
  })

  test.each([
    ['ada@example.com', 'a•••@example.com'],
    ['a@example.com', 'a•••@example.com'],
    ['👩x@example.com', '👩•••@example.com'],
  ])('%s is shown as %s', (address, shown) => expect(maskAddress(address)).toBe(shown))
})
