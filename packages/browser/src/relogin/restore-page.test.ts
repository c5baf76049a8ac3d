import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createStile } from '../client.ts'
import { API, SERVICE, until } from '../wire.test-support.ts'
import { LEFT_PAGE } from './left-page.ts'
import { rememberPage } from './remember-page.ts'
import { restorePage } from './restore-page.ts'

const FORM = `
  <form name="order">
    <input name="amount" value="1">
    <input type="checkbox" name="terms">
    <input type="radio" name="pay" value="card" checked><input type="radio" name="pay" value="bill">
    <select name="country"><option value="de">DE<option value="fr">FR</select>
    <select name="tags" multiple><option value="a" selected>A<option value="b">B<option value="c">C</select>
    <textarea name="note"></textarea>
  </form>
  <input aria-label="Search"><input aria-label="Search">`

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal('scrollTo', vi.fn())
})
afterEach(() => {
  // what is still restoring ends
  vi.advanceTimersByTime(5000)
  vi.useRealTimers()
  vi.unstubAllGlobals()
  sessionStorage.clear()
  document.body.innerHTML = ''
  history.replaceState(null, '', '/')
})

const field = <E extends HTMLElement = HTMLInputElement>(selector: string) => document.querySelector(selector) as E
const kept = () => sessionStorage.getItem(LEFT_PAGE) ?? ''

/** Types in the form, leaves it and comes back to it as it was at first. */
function leaveAndReturn(back = FORM) {
  document.body.innerHTML = FORM
  field('[name=amount]').value = '12.50'
  field('[name=terms]').checked = true
  field('[value=bill]').checked = true
  field<HTMLSelectElement>('[name=country]').value = 'fr'
  for (const option of field<HTMLSelectElement>('[name=tags]').options) option.selected = option.value !== 'a'
  field<HTMLTextAreaElement>('textarea').value = 'two\nlines'
  const [first, second] = document.querySelectorAll<HTMLInputElement>('[aria-label=Search]')
  if (first && second) [first.value, second.value] = ['one', 'two']
  rememberPage('su_1')
  document.body.innerHTML = back
}

test('every kind of field comes back, and those who listen are told', () => {
  leaveAndReturn()
  const heard: string[] = []
  document.body.addEventListener('input', ({ target }) => heard.push((target as HTMLInputElement).name))
  document.body.addEventListener('change', ({ target }) => heard.push((target as HTMLInputElement).name))
  restorePage()
  expect(field('[name=amount]').value).toBe('12.50')
  expect(field('[name=terms]').checked).toBe(true)
  expect(field('[value=bill]').checked).toBe(true)
  expect(field<HTMLSelectElement>('[name=country]').value).toBe('fr')
  expect([...field<HTMLSelectElement>('[name=tags]').selectedOptions].map(({ value }) => value)).toEqual(['b', 'c'])
  expect(field<HTMLTextAreaElement>('textarea').value).toBe('two\nlines')
  expect([...document.querySelectorAll<HTMLInputElement>('[aria-label=Search]')].map(({ value }) => value)).toEqual(['one', 'two'])
  for (const name of ['amount', 'terms', 'pay', 'country', 'tags', 'note']) expect(heard.filter((each) => each === name)).toHaveLength(2)
})

test('someone who reads the storage of the tab finds no password, payment data, code, file, hidden or private field', () => {
  document.body.innerHTML = `
    <input type="password" name="a" value="SECRET"><input type="hidden" name="b" value="SECRET"><input type="file" name="f">
    <input autocomplete="cc-number" name="c" value="SECRET"><input autocomplete="section-x billing cc-csc" name="d" value="SECRET">
    <input autocomplete="one-time-code" name="e" value="SECRET"><input autocomplete="new-password" name="g" value="SECRET">
    <input autocomplete="username current-password" type="text" name="h" value="SECRET"><input type="text" name="loginPassword" value="SECRET">
    <input id="cvc2" value="SECRET"><div data-stile-private><textarea name="i">SECRET</textarea></div>
    <input placeholder="Password" value="SECRET"><input aria-label="Your passphrase" name="l" value="SECRET">
    <stile-dialog><input name="j" value="SECRET"></stile-dialog><input name="k" value="fine">`
  rememberPage('su_1')
  expect(kept()).toContain('fine')
  expect(kept()).not.toContain('SECRET')
})

test('a field that was a text and is a password now gets nothing', () => {
  document.body.innerHTML = '<input name="word" value="typed">'
  rememberPage('su_1')
  document.body.innerHTML = '<input name="word" type="password">'
  restorePage()
  expect(field('[name=word]').value).toBe('')
})

test('it is restored once, and not on another page', () => {
  leaveAndReturn()
  history.replaceState(null, '', '/other')
  restorePage()
  expect(field('[name=amount]').value).toBe('1')
  history.replaceState(null, '', '/')
  restorePage()
  expect(field('[name=amount]').value).toBe('12.50')
  expect(kept()).toBe('')
})

test('after ten minutes nothing is restored', () => {
  leaveAndReturn()
  restorePage(Date.now() + 600_001)
  expect(field('[name=amount]').value).toBe('1')
  expect(kept()).toBe('')
})

test('what a framework renders later is restored, and what was typed meanwhile is left alone', async () => {
  leaveAndReturn('')
  restorePage()
  document.body.innerHTML = FORM
  await Promise.resolve()
  expect(field('[name=amount]').value).toBe('12.50')
  // rendered again
  document.body.innerHTML = FORM
  await Promise.resolve()
  expect(field('[name=amount]').value).toBe('12.50')
  vi.advanceTimersByTime(5000)
  document.body.innerHTML = FORM
  await Promise.resolve()
  expect(field('[name=amount]').value).toBe('1')
})

test('a page that writes what it is given in its own way has the last word', async () => {
  leaveAndReturn()
  let heard = 0
  field('[name=amount]').addEventListener('input', () => {
    heard++
    field('[name=amount]').value = '12,50 €'
    document.body.append(document.createElement('p'))
  })
  restorePage()
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  expect(field('[name=amount]').value).toBe('12,50 €')
  expect(heard).toBe(2)
})

test('a list whose options are not there yet keeps its choice until they are', async () => {
  leaveAndReturn('<form name="order"><select name="country"><option value="de">DE</select></form>')
  restorePage()
  const list = field<HTMLSelectElement>('select')
  expect(list.value).toBe('de')
  list.add(new Option('FR', 'fr'))
  await Promise.resolve()
  expect(list.value).toBe('fr')
})

test('the page is scrolled to where it was, unless somebody moves it', async () => {
  vi.stubGlobal('scrollX', 0)
  vi.stubGlobal('scrollY', 700)
  document.body.innerHTML = FORM
  rememberPage('su_1')
  restorePage()
  expect(scrollTo).toHaveBeenCalledWith(0, 700)
  dispatchEvent(new Event('wheel'))
  document.body.append(document.createElement('p'))
  await Promise.resolve()
  expect(scrollTo).toHaveBeenCalledTimes(1)
})

test('a storage that refuses keeps the page from nothing', () => {
  vi.stubGlobal('sessionStorage', {
    getItem: () => {
      throw new DOMException('no', 'SecurityError')
    },
    setItem: () => {
      throw new DOMException('no', 'QuotaExceededError')
    },
    removeItem: () => {
      throw new DOMException('no', 'SecurityError')
    },
    clear: () => {},
  })
  document.body.innerHTML = FORM
  rememberPage('su_1')
  restorePage()
  createStile({ service: SERVICE, session: async () => '', audiences: { api: [API] } })
})

test('a page with more in it than a storage takes is remembered without its fields', () => {
  document.body.innerHTML = '<textarea name="long"></textarea>'
  field<HTMLTextAreaElement>('textarea').value = 'x'.repeat(600_000)
  rememberPage('su_1')
  expect(JSON.parse(kept())).toMatchObject({ stepUp: 'su_1', fields: [] })
})

test('something else under the same key changes nothing', () => {
  for (const text of ['', '{', 'null', '[]', '{"at":"x"}', `{"at":${Date.now()},"url":"no"}`]) {
    sessionStorage.setItem(LEFT_PAGE, text)
    restorePage()
    expect(sessionStorage.getItem(LEFT_PAGE)).toBeNull()
  }
})

test('creating the client restores the page, with nothing else to call', async () => {
  vi.useRealTimers()
  leaveAndReturn()
  createStile({ service: SERVICE, session: async () => '', audiences: { api: [API] } })
  await until(() => field('[name=amount]').value === '12.50')
  vi.useFakeTimers()
})
