import type { Registration } from '@stile/protocol'
import type { Enrollment, EnrollmentState } from '../../enroll/enrollment.ts'
import { createCodeField } from '../elements/code-field.ts'
import { element, PROMPT_ICONS, submitButton } from '../parts.ts'
import { createCopyButton } from '../wizard/copy-button.ts'
import type { Wizard } from '../wizard/wizard.ts'

/** What the view of an authenticator app works with. */
export type AppViewOptions = Readonly<{
  wizard: Wizard
  /** Shows a view of the enrolment. */
  show: Wizard['show']
  submit: Enrollment['submit']
  cancelButton: Wizard['cancelButton']
}>

/** The looks of the secret. */
const STYLES = `
[part=secret] {
  display: flex;
  align-items: center;
  padding-inline-start: 0.8em;
  border: 1px solid var(--_border);
  border-radius: var(--_radius);
  button {
    width: auto;
    border: 0;
  }
}
`

type TotpStart = Extract<Registration, { method: 'totp' }>['start']

/** Shows the secret, as a QR code too, and asks for the first code. */
export type AppView = (state: Extract<EnrollmentState, { registration: unknown }>, start: TotpStart) => void

/** Makes the view in which an authenticator app is enrolled. Loaded when one is. */
export function createAppView({ wizard, show, submit, cancelButton }: AppViewOptions): AppView {
  const { say } = wizard
  wizard.extend({ texts: {}, css: STYLES })
  const codeField = createCodeField({
    label: say('code'),
    describedBy: wizard.alertId,
    onCode: (code) => submit({ code }),
    onIncomplete: wizard.render,
  })
  const qrNode = (uri: string) => {
    const holder = element('div')
    // the file is there already: the code was drawn with it
    import('../../enroll/qr.ts').then(({ qrElement, QR_STYLES }) => {
      wizard.extend({ texts: {}, css: QR_STYLES })
      holder.append(qrElement(uri, say('qr')))
    })
    return holder
  }
  const secretNodes = ({ secret, uri }: TotpStart, hasQr: boolean) => {
    // a phone cannot scan its own screen; any other link could run a script in the page
    const opensApp = uri.startsWith('otpauth:') && globalThis.matchMedia?.('(pointer: coarse)').matches
    const inFours = secret.replace(/(.{4})(?=.)/g, '$1 ')
    return [
      ...(opensApp ? [element('a', { part: 'app', href: uri }, say('openApp'))] : []),
      ...(hasQr ? [qrNode(uri)] : []),
      element('p', {}, say('secret')),
      element('div', { part: 'secret' }, element('code', { part: 'code', dir: 'ltr' }, inFours), createCopyButton(say, { text: secret })),
    ]
  }
  return ({ status, error, qr }, start) => {
    const busy = status === 'verifying'
    show({
      // the QR code is drawn after the secret is there
      key: qr ? 'totp with QR code' : 'totp',
      icon: PROMPT_ICONS.phone,
      title: say('totpTitle'),
      text: say('scan'),
      busy,
      alert: codeField.isIncomplete() ? say('incomplete') : wizard.errorText(error, 'totp'),
      body: () => [...secretNodes(start, !!qr), codeField.field],
      onSubmit: codeField.submit,
      actions: () => [submitButton(say('verify')), cancelButton()],
    })
    codeField.mark({ busy, wrong: error?.code === 'attempt_failed' })
  }
}
