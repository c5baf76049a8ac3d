import type { Authenticator } from '@stile/protocol'
import { createEnrollment, type EnrollableMethod } from '../enroll/enrollment.ts'
import type { EnrollmentClient } from '../enroll/gated.ts'
import { button, codeField, element } from './element.ts'
import { type Frame, quietButton, submitButton, type View } from './frame.ts'
import { errorText } from './step-up-view.ts'
import { createSay, ENROLL_TEXTS, TEXTS, type Texts } from './texts.ts'

/** How an enrolment is shown. */
export type EnrollmentViewOptions = Readonly<{
  frame: Frame
  texts: Partial<Texts> | undefined
  method: EnrollableMethod | undefined
  /** Whether a step-up covers the enrolment at the moment. */
  covered: () => boolean
}>

/** An enrolment in the dialog. */
export type ShownEnrollment = Readonly<{
  render: () => void
  cancel: () => void
  /** Whether something was enrolled. */
  done: Promise<boolean>
}>

/** Shows an enrolment: the choice, then the passkey prompt or the picture and the code, then a name. */
export function showEnrollment(stile: EnrollmentClient, options: EnrollmentViewOptions): ShownEnrollment {
  const { frame, texts, method: wanted, covered } = options
  const enrollment = createEnrollment(stile)
  const { cancel, start } = enrollment
  const say = createSay({ ...TEXTS, ...ENROLL_TEXTS, ...texts })
  let resolve: (enrolled: boolean) => void = () => {}
  const done = new Promise<boolean>((onValue) => {
    resolve = onValue
  })
  const code = codeField(say('code'), () => enrollment.submit({ code: code.input.value }))
  const name = element('input', { maxLength: 64, autocomplete: 'off' })
  const leave = () => quietButton(say('cancel'), cancel)

  const show = (view: Partial<View> & Pick<View, 'key' | 'title'>) =>
    frame.show({ icon: 'key', text: '', onCancel: cancel, actions: () => [leave()], ...view })

  const choice = (method: EnrollableMethod, primary: boolean) => {
    const made = button(say(`${method}Title`), () => start(method), primary ? 'stile-primary' : '')
    return element('div', { className: 'stile-choice' }, made, element('p', {}, say(`${method}Hint`)))
  }
  const choices = () => (wanted ? [choice(wanted, true)] : [choice('passkey', 'PublicKeyCredential' in globalThis), choice('totp', false)])

  const picture = (secret: string, qr: string | undefined) => {
    const copy = button(say('copy'), async () => {
      // where the clipboard is refused the key can still be selected
      await navigator.clipboard.writeText(secret).then(
        () => copy.replaceChildren(say('copied')),
        () => {},
      )
    })
    const image = element('img', { alt: say('qr'), width: 176, height: 176, className: 'stile-qr' })
    image.src = `data:image/svg+xml,${encodeURIComponent(qr ?? '')}`
    const key = element('code', {}, secret.replace(/(.{4})(?=.)/g, '$1 '))
    return [...(qr ? [image] : []), element('p', {}, say('secret')), element('div', { className: 'stile-secret' }, key, copy), code.field]
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
    show({
      key: 'done',
      icon: 'done',
      title: say('enrolled'),
      onCancel: finish,
      onSubmit: save,
      body: () => [element('label', {}, say('name'), name)],
      actions: () => [submitButton(say('save'))],
    })
  }

  const render = () => {
    if (covered()) return
    const state = enrollment.get()
    const now = Date.now()
    switch (state.status) {
      case 'idle':
        return show({ key: 'idle', title: say('enrollTitle'), text: say('enrollText'), body: choices })
      case 'cancelled':
        return resolve(false)
      case 'done':
        return showDone(state.authenticator)
      case 'failed': {
        const alert = state.problem?.detail || errorText(say, { code: state.code }, now)
        return show({
          key: 'failed',
          icon: 'stop',
          title: say('enrollTitle'),
          alert,
          actions: () => [quietButton(say('close'), () => resolve(false))],
        })
      }
      case 'starting': {
        const { error } = state
        const title = say(`${state.method}Title`)
        if (!error) return show({ key: 'starting', title, text: say('starting'), busy: true })
        const alert = errorText(say, error, now)
        return show({ key: 'again', title: say('enrollTitle'), alert, body: choices })
      }
    }
    const { status, method, registration, qr, error } = state
    const title = say(`${method}Title`)
    const busy = status === 'verifying'
    const alert = errorText(say, error, now)
    if (registration.method === 'passkey')
      return show({ key: 'passkey', title, text: say(busy ? 'verifying' : 'passkey'), busy: true, alert })
    const { secret } = registration.start
    show({
      key: `totp${!!qr}`,
      icon: 'phone',
      title,
      text: say('scan'),
      busy,
      alert,
      body: () => picture(secret, qr),
      actions: () => [submitButton(say('verify')), leave()],
      onSubmit: () => enrollment.submit({ code: code.input.value }),
    })
    code.input.readOnly = busy
    code.input.setAttribute('aria-invalid', `${!!error}`)
    if (error && !busy) code.input.select()
  }

  enrollment.subscribe(render)
  if (wanted) start(wanted)
  else render()
  return { render, cancel, done }
}
