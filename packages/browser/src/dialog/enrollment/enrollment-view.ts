import type { Authenticator, Method } from '@stile/protocol'
import { createEnrollment, type EnrollableMethod, type EnrollmentState } from '../../enroll/enrollment.ts'
import { ICONS } from '../elements/more-icons.ts'
import type { DialogView } from '../frame/frame.ts'
import { button, element, PROMPT_ICONS, quietButton, submitButton } from '../parts.ts'
import type { TextKey } from '../texts/texts.ts'
import type { Wizard } from '../wizard/wizard.ts'
import type { AppView } from './app-view.ts'

/** What enrolment begins with. */
export type EnrollmentViewOptions = Readonly<{
  /** One method, which is started at once, or several to choose from. Default: all, to choose from. */
  methods?: Method | readonly Method[] | undefined
  /** What the choice says. Default: what an authenticator is good for. */
  intro?: string | undefined
  /** Asks subjects who want to leave whether they do, if they would lose something. Default: they leave. */
  askToLeave?: ((ways: WaysOut) => void) | undefined
}>

/** Where the question whether to leave leads. */
export type WaysOut = Readonly<{
  /** Goes on with the enrolment. */
  stay: () => void
  leave: () => void
}>

type Failed = Extract<EnrollmentState, { status: 'failed' }>
type Registering = Extract<EnrollmentState, { registration: unknown }>

/** How each method is offered and asked for, in the order in which they are offered. */
const OFFERS: Readonly<Record<EnrollableMethod, Readonly<{ title: TextKey; hint: TextKey; prompt: TextKey; drawing: string }>>> = {
  passkey: { title: 'passkeyTitle', hint: 'passkeyHint', prompt: 'passkey', drawing: ICONS.passkey },
  totp: { title: 'totpTitle', hint: 'totpHint', prompt: 'scan', drawing: PROMPT_ICONS.phone },
  'security-key': { title: 'security-keyTitle', hint: 'security-keyHint', prompt: 'security-keyText', drawing: ICONS.usb },
}
const METHODS = Object.keys(OFFERS) as readonly EnrollableMethod[]

/**
 * Enrols an authenticator: the choice, then the prompt or the QR code and its first code, then a name.
 *
 * @returns whether something was enrolled
 */
export function showEnrollment(wizard: Wizard, { methods: wanted, intro, askToLeave }: EnrollmentViewOptions = {}): Promise<boolean> {
  const { say } = wizard
  const allowed: readonly Method[] = wanted === undefined ? [] : [wanted].flat()
  const methods = allowed.length > 0 ? METHODS.filter((method) => allowed.includes(method)) : METHODS
  const best = methods.find(isUsable)
  const enrollment = createEnrollment(wizard.client)
  const cancel = () => (askToLeave ? askToLeave({ stay: () => showCurrent(), leave: enrollment.cancel }) : enrollment.cancel())
  const cancelButton = () => quietButton(say('cancel'), cancel)
  const show: Wizard['show'] = (view) => wizard.show({ onCancel: cancel, ...view })
  const nameInput = element('input', { part: 'input', maxLength: 64, autocomplete: 'off' })

  const offer = (method: EnrollableMethod) => {
    const { title, hint } = OFFERS[method]
    const isMissing = !isUsable(method)
    const words = isMissing ? say('passkeyMissing') : `${say(hint)} ${method === best ? say('recommended') : ''}`.trim()
    const hintText = element('p', { id: `${wizard.alertId}-${method}` }, words)
    const choose = button({
      label: say(title),
      onClick: () => enrollment.start(method),
      part: method === best ? 'primary' : '',
    })
    choose.disabled = isMissing
    choose.setAttribute('aria-describedby', hintText.id)
    return element('div', { part: 'choice' }, choose, hintText)
  }
  const showChoice = (view: Pick<DialogView, 'key'> & Partial<DialogView>) =>
    show({ title: say('enrollTitle'), body: () => methods.map(offer), actions: () => [cancelButton()], ...view })

  /** Shows that the service or the browser is at work. */
  const showBusy = (method: EnrollableMethod, view: Pick<DialogView, 'key' | 'text'> & Partial<DialogView>) =>
    show({ icon: OFFERS[method].drawing, title: say(OFFERS[method].title), busy: true, actions: () => [cancelButton()], ...view })
  const showPrompt = ({ status, method, error }: Registering) =>
    showBusy(method, {
      key: 'prompt',
      text: say(status === 'verifying' ? 'wait' : OFFERS[method].prompt),
      alert: wizard.errorText(error, method),
    })
  /** Nothing before it is loaded, and `null` if it cannot be. */
  let showApp: AppView | null | undefined
  const loadApp = async () => {
    const loaded = await import('./app-view.ts').catch(() => null)
    showApp ??= loaded?.createAppView({ wizard, show, submit: enrollment.submit, cancelButton }) ?? null
    showCurrent()
  }

  /** Shows where the enrolment stands. */
  let showCurrent: () => void

  return new Promise<boolean>((resolve) => {
    const showName = ({ id, name: given, attestation }: Authenticator) => {
      const finish = () => resolve(true)
      const save = async () => {
        const name = nameInput.value.trim()
        // if naming fails, the authenticator is enrolled all the same
        if (name && name !== given) await enrollment.rename(id, name).catch(() => {})
        finish()
      }
      nameInput.value ||= given
      show({
        key: 'named',
        icon: ICONS.done,
        title: say('enrolled'),
        about: [wizard.signedInAs],
        // why a security key counts for less than a hardware key
        text: say(`attestation_${attestation}`),
        onCancel: finish,
        onSubmit: save,
        body: () => [element('label', { part: 'label' }, say('name'), nameInput)],
        actions: () => [submitButton(say('save'))],
      })
    }
    const showFailed = ({ code, problem }: Pick<Failed, 'code'> & Partial<Failed>) => {
      const leave = () => resolve(false)
      show({
        key: 'refused',
        icon: ICONS.stop,
        title: say('enrollTitle'),
        alert: problem?.detail || wizard.errorText({ code }),
        onCancel: leave,
        actions: () => [quietButton(say('close'), leave)],
      })
    }

    const render = () => {
      const state = enrollment.get()
      switch (state.status) {
        case 'idle':
          return showChoice({ key: 'idle', text: intro || say('enrollText') })
        case 'starting': {
          const { error, method } = state
          if (error) return showChoice({ key: 'again', alert: wizard.errorText(error, method) })
          return showBusy(method, { key: 'starting', text: say('wait') })
        }
        case 'proving':
        case 'verifying': {
          const { registration, method } = state
          if (registration.method !== 'totp') return showPrompt(state)
          if (showApp) return showApp(state, registration.start)
          if (showApp === null) return showFailed({ code: 'service_unavailable' })
          loadApp()
          return showBusy(method, { key: 'starting', text: say('wait') })
        }
        case 'done':
          return showName(state.authenticator)
        case 'failed':
          return showFailed(state)
        case 'cancelled':
          return resolve(false)
      }
    }

    const end = () => {
      enrollment.cancel()
      resolve(enrollment.get().status === 'done')
    }
    showCurrent = () => wizard.showStep({ render, cancel: end })
    enrollment.subscribe(showCurrent)
    const onlyMethod = typeof wanted === 'string' ? methods[0] : undefined
    if (onlyMethod) enrollment.start(onlyMethod)
    else showCurrent()
  })
}

/** Whether this browser can enrol the method. */
function isUsable(method: EnrollableMethod): boolean {
  switch (method) {
    case 'totp':
      return true
    case 'passkey':
    case 'security-key':
      return !!globalThis.PublicKeyCredential
  }
}
