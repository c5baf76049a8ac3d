import { describe, expect, test } from 'vitest'
import { until } from '../../wire.test-support.ts'
import { createCodeField } from './code-field.ts'
import { readCode } from './read-code.ts'

describe('what is read out of a text', () => {
  test.each([
    ['123456', '123456'],
    [' 123 456 ', '123456'],
    ['123-456', '123456'],
    ['12 34 56', '123456'],
    ['１２３４５６', '123456'],
    ['٣٣٥٦٣٨', '335638'],
    ['Your 2FA code is 123456', '123456'],
    ['Your 2FA code is 123 456.', '123456'],
    ['123456 is your code. It ends at 10:30.', '123456'],
  ])('%j is surely the code %s', (text, code) => {
    expect(readCode(text)).toEqual({ code, isSure: true })
  })

  test.each([
    ['', ''],
    ['12345', '12345'],
    ['abcdef', ''],
    ['1234567', '1234567'],
    ['12345678', '12345678'],
    ['²⁸⁷⁰⁸²', ''],
    ['123456 or 654321', '123456'],
    ['555 123456', '123456'],
    ['Order 654321, code 99 88 77', '654321'],
  ])('%j is not surely a code', (text, code) => {
    expect(readCode(text)).toEqual({ code, isSure: false })
  })
})

describe('the field', () => {
  const make = () => {
    const sent: string[] = []
    let told = 0
    const made = createCodeField({
      label: 'Code',
      describedBy: 'alert',
      onCode: (code) => sent.push(code),
      onIncomplete: () => (told += 1),
    })
    document.body.replaceChildren(made.field)
    const type = (text: string) => {
      made.input.value = text
      made.input.dispatchEvent(new Event('input'))
    }
    return { ...made, type, sent, told: () => told }
  }

  test.each(['', '12345', '1234567', 'abc'])('threat: %j would cost a guess: it is not sent, and the field has the focus', async (text) => {
    const { type, submit, sent, input, isIncomplete, told } = make()
    type(text)
    await until(() => !/\D/.test(input.value))
    input.blur()
    await submit()
    await submit()
    expect(sent).toEqual([])
    expect(isIncomplete()).toBe(true)
    expect(told()).toBe(1)
    expect(document.activeElement).toBe(input)
  })

  test('typing on takes back that it is incomplete', async () => {
    const { type, submit, isIncomplete, told } = make()
    await submit()
    type('1')
    await until(() => !isIncomplete())
    expect(told()).toBe(2)
  })

  test('a text in which two could be the code sends none by itself', async () => {
    const { type, submit, sent, input } = make()
    type('123456 or 654321')
    await until(() => input.value === '123456')
    expect(sent).toEqual([])
    await submit()
    expect(sent).toEqual(['123456'])
  })

  test('a wrong code is selected once, and not while another is typed', async () => {
    const { type, submit, mark, input } = make()
    input.value = '000000'
    mark({ busy: true, wrong: false })
    mark({ busy: false, wrong: true })
    expect([input.selectionStart, input.selectionEnd]).toEqual([0, 6])
    type('1')
    await submit()
    mark({ busy: false, wrong: true })
    expect([input.selectionStart, input.selectionEnd]).toEqual([1, 1])
  })

  test('threat: Enter after a code that sent itself spends a second guess on the same wrong code', async () => {
    const { type, submit, mark, sent } = make()
    const answer = (wrong: boolean) => {
      mark({ busy: true, wrong: false })
      mark({ busy: false, wrong })
    }
    type('123456')
    await until(() => sent.length === 1)
    answer(true)
    await submit()
    expect(sent).toEqual(['123456'])
    type('654321')
    await until(() => sent.length === 2)
    answer(false)
    await submit()
    expect(sent).toEqual(['123456', '654321', '654321'])
  })

  test('what a password manager writes without telling is read when it is submitted', async () => {
    const { submit, sent, input } = make()
    input.value = '123 456'
    await submit()
    expect(sent).toEqual(['123456'])
  })
})
