import type { Authenticator, Method } from '@stile/protocol'
import { createEnrollment, type EnrollableMethod, type EnrollmentState } from '../../enroll/enrollment.ts'
import { ICONS } from '../elements/more-icons.ts'
import type { DialogView } from '../frame/frame.ts'
import { button, createCodeField, element, PROMPT_ICONS, quietButton, submitButton } from '../parts.ts'
import type { Wizard } from '../wizard/wizard.ts'

/** What enrolment begins with. */
export type EnrollmentViewOptions = Readonly<{
  /** One method, which is started at once, or several to choose from. Default: all, to choose from. */
  methods?: Method | readonly Method[] | undefined
  /** What the choice says. Default: what an authenticator is good for. */
  intro?: string
}>

type Failed = Extract<EnrollmentState, { status: 'failed' }>
type Registering = Extract<EnrollmentState, { registration: unknown }>

/** Every method that can be enrolled, in the order in which they are offered. */
const METHODS: readonly EnrollableMethod[] = ['passkey', 'totp', 'security-key']
const METHOD_ICONS: Readonly<Record<EnrollableMethod, string>> = {
  passkey: ICONS.passkey,
  'security-key': ICONS.usb,
  totp: PROMPT_ICONS.phone,
}

/**
 * Enrols an authenticator: the choice, then the prompt or the QR code and its first code, then a name.
 *
 * @returns whether something was enrolled
 */
export function showEnrollment(wizard: Wizard, { methods: wanted, intro }: EnrollmentViewOptions = {}): Promise<boolean> {
  const { say, show, cancelButton } = wizard
  const allowed: readonly Method[] = wanted === undefined ? [] : [wanted].flat()
  const methods = allowed.length > 0 ? METHODS.filter((method) => allowed.includes(method)) : METHODS
  const best = methods.find(isUsable)
  const enrollment = createEnrollment(wizard.client)
  const codeField = createCodeField({
    label: say('code'),
    describedBy: wizard.alertId,
    onFull: (code) => enrollment.submit({ code }),
  })
  const nameInput = element('input', { maxLength: 64, autocomplete: 'off' })

  const offer = (method: EnrollableMethod) =>
    element(
      'div',
      { className: 'stile-choice' },
      button({
        label: say(`${method}Title`),
        onClick: () => enrollment.start(method),
        className: method === best ? 'stile-primary' : '',
      }),
      element('p', {}, say(isUsable(method) ? `${method}Hint` : 'passkeyMissing')),
    )
  const showChoice = (view: Pick<DialogView, 'key'> & Partial<DialogView>) =>
    show({ title: say('enrollTitle'), body: () => methods.map(offer), actions: () => [cancelButton()], ...view })

  /** Shows that the service or the browser is at work. */
  const showBusy = (method: EnrollableMethod, view: Pick<DialogView, 'key' | 'text'> & Partial<DialogView>) =>
    show({ icon: METHOD_ICONS[method], title: say(`${method}Title`), busy: true, actions: () => [cancelButton()], ...view })
  const showPrompt = ({ status, method, error }: Registering) =>
    showBusy(method, {
      key: 'prompt',
      text: say(status === 'verifying' ? 'wait' : [`${method}Text`, 'passkey']),
      alert: wizard.errorText(error, method),
    })
  const secretNodes = (secret: string, qr: string | undefined) => {
    const src = `data:image/svg+xml,${encodeURIComponent(qr ?? '')}`
    const inFours = secret.replace(/(.{4})(?=.)/g, '$1 ')
    return [
      ...(qr ? [element('img', { alt: say('qr'), width: 176, height: 176, src })] : []),
      element('p', {}, say('secret')),
      element('div', { className: 'stile-secret' }, element('code', {}, inFours), wizard.copyButton(secret)),
    ]
  }
  const showSecret = ({ status, error, qr }: Registering, secret: string) => {
    const busy = status === 'verifying'
    show({
      // the QR code is drawn after the secret is there
      key: qr ? 'totp with QR code' : 'totp',
      icon: METHOD_ICONS.totp,
      title: say('totpTitle'),
      text: say('scan'),
      busy,
      alert: wizard.errorText(error, 'totp'),
      body: () => [...secretNodes(secret, qr), codeField.field],
      onSubmit: () => enrollment.submit({ code: codeField.input.value }),
      actions: () => [submitButton(say('verify')), cancelButton()],
    })
    codeField.mark({ busy, wrong: !!error })
  }

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
        text: say(`attestation_${attestation}`),
        onCancel: finish,
        onSubmit: save,
        body: () => [element('label', {}, say('name'), nameInput)],
        actions: () => [submitButton(say('save'))],
      })
    }
    const showFailed = ({ code, problem }: Failed) => {
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
          return showChoice({ key: 'idle', text: intro ?? say('enrollText') })
        case 'starting': {
          const { error, method } = state
          if (error) return showChoice({ key: 'again', alert: wizard.errorText(error, method) })
          return showBusy(method, { key: 'starting', text: say('wait') })
        }
        case 'proving':
        case 'verifying': {
          const { registration } = state
          return registration.method === 'totp' ? showSecret(state, registration.start.secret) : showPrompt(state)
        }
        case 'done':
          return showName(state.authenticator)
        case 'failed':
          return showFailed(state)
        case 'cancelled':
          return resolve(false)
      }
    }

    const showCurrent = () => wizard.showStep({ render, cancel: enrollment.cancel })
    enrollment.subscribe(showCurrent)
    const onlyMethod = typeof wanted === 'string' ? methods[0] : undefined
    if (onlyMethod) enrollment.start(onlyMethod)
    else showCurrent()
  })
}

/** Whether this browser can enrol the method. */
function isUsable(method: EnrollableMethod): boolean {
  return method === 'totp' || !!globalThis.PublicKeyCredential
}
