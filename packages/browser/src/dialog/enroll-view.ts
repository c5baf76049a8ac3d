import type { Authenticator } from '@stile/protocol'
import { createEnrollment, type EnrollableMethod } from '../enroll/enrollment.ts'
import type { EnrollmentClient } from '../enroll/gated.ts'
import type { DialogOptions, Kit } from './dialog.ts'
import { ENROLL_TEXTS } from './enroll-texts.ts'
import type { Frame, View } from './frame.ts'

/** An enrolment in the dialog. */
export type ShownEnrollment = readonly [
  render: () => void,
  cancel: () => void,
  /** Whether something was enrolled. */
  done: Promise<boolean>,
]

const CSS = `stile-dialog{.stile-choice{gap:.375rem;margin-bottom:.5rem;font-size:.93em}img{margin:0 auto;border-radius:var(--r)}.stile-secret{display:flex;align-items:center;padding-left:.75rem;border:1px solid var(--b);border-radius:var(--r);button{width:auto;border:0}}code{flex:1;font:.87em/1.5 ui-monospace,monospace;text-align:start;overflow-wrap:anywhere;user-select:all}}`

/**
 * Shows an enrolment: the choice, then the passkey prompt or the picture and the code, then a name.
 *
 * @param method  without one the subject chooses
 * @param covered  whether a step-up covers the enrolment at the moment
 */
export function showEnrollment(
  stile: EnrollmentClient,
  { adoptStyles, button, codeField, createSay, element, errorText, markField, quietButton, submitButton, texts }: Kit,
  show: Frame[0],
  scope: Document | ShadowRoot,
  options: DialogOptions,
  method: EnrollableMethod | undefined,
  covered: () => boolean,
): ShownEnrollment {
  adoptStyles(scope, options.nonce, CSS)
  const enrollment = createEnrollment(stile)
  const { cancel, start } = enrollment
  const say = createSay({ ...texts, ...ENROLL_TEXTS, ...options.texts })
  let resolve: (enrolled: boolean) => void = () => {}
  const done = new Promise<boolean>((onValue) => {
    resolve = onValue
  })
  const [field, input] = codeField(say('code'), (code) => enrollment.submit({ code }))
  const name = element('input', { maxLength: 64, autocomplete: 'off' })

  const view = (key: string, title: string, more: Partial<View>, ...actions: readonly Node[]) => {
    const all = () => [...actions, quietButton(say('cancel'), cancel)]
    show({ key, icon: 'key', title, text: '', onCancel: cancel, actions: all, ...more })
  }
  const choice = (each: EnrollableMethod, primary: unknown) => {
    const way = button(say(`${each}Title`), () => start(each), primary ? 'stile-primary' : '')
    return element('div', { className: 'stile-choice' }, way, element('p', {}, say(`${each}Hint`)))
  }
  const choices = () => (method ? [choice(method, true)] : [choice('passkey', globalThis.PublicKeyCredential), choice('totp', false)])

  const picture = (secret: string, qr: string | undefined) => {
    const copy = button(say('copy'), () => {
      // where the clipboard is refused the key can still be selected
      navigator.clipboard.writeText(secret).then(
        () => copy.replaceChildren(say('copied')),
        () => {},
      )
    })
    const image = element('img', { alt: say('qr'), width: 176, height: 176, src: `data:image/svg+xml,${encodeURIComponent(qr ?? '')}` })
    const key = element('code', {}, secret.replace(/(.{4})(?=.)/g, '$1 '))
    return [...(qr ? [image] : []), element('p', {}, say('secret')), element('div', { className: 'stile-secret' }, key, copy), field]
  }

  const showDone = ({ id, name: given }: Authenticator) => {
    const finish = () => resolve(true)
    const save = async () => {
      const next = name.value.trim()
      // it is enrolled whatever becomes of its name
      if (next && next !== given) await enrollment.rename(id, next).catch(() => {})
      finish()
    }
    name.value ||= given
    view('done', say('enrolled'), {
      icon: 'done',
      onCancel: finish,
      onSubmit: save,
      body: () => [element('label', {}, say('name'), name)],
      actions: () => [submitButton(say('save'))],
    })
  }

  const render = () => {
    if (covered()) return
    const state = enrollment.get()
    if (state.status === 'cancelled') return resolve(false)
    if (state.status === 'done') return showDone(state.authenticator)
    if (state.status === 'idle') return view('idle', say('enrollTitle'), { text: say('enrollText'), body: choices })
    if (state.status === 'failed') {
      const leave = () => resolve(false)
      const alert = state.problem?.detail || errorText(say, { code: state.code })
      const actions = () => [quietButton(say('close'), leave)]
      return view('failed', say('enrollTitle'), { icon: 'stop', alert, onCancel: leave, actions })
    }
    const { error, method: chosen } = state
    const alert = errorText(say, error)
    const title = say(`${chosen}Title`)
    if (state.status === 'starting') {
      if (error) return view('again', say('enrollTitle'), { alert, body: choices })
      return view('starting', title, { text: say('wait'), busy: true })
    }
    const busy = state.status === 'verifying'
    const { registration, qr } = state
    if (registration.method === 'passkey') return view('passkey', title, { text: say(busy ? 'wait' : 'passkey'), busy: true, alert })
    const { secret } = registration.start
    const onSubmit = () => enrollment.submit({ code: input.value })
    const body = () => picture(secret, qr)
    view(`totp${!!qr}`, title, { icon: 'phone', text: say('scan'), busy, alert, body, onSubmit }, submitButton(say('verify')))
    markField(input, busy, !!error)
  }

  enrollment.subscribe(render)
  if (method) start(method)
  else render()
  return [render, cancel, done]
}
