import type { Authenticator } from '@stile/protocol'
import { createEnrollment, type EnrollableMethod } from '../../enroll/enrollment.ts'
import { DRAWINGS } from '../elements/icons.ts'
import type { View } from '../frame/frame.ts'
import type { Guide } from '../setup.ts'

/** Whether something was enrolled. */
export type Enrolled = boolean

const METHODS: readonly EnrollableMethod[] = ['passkey', 'totp', 'security-key']
const ICON = { passkey: DRAWINGS.passkey, 'security-key': DRAWINGS.usb, totp: DRAWINGS.phone } as const

/**
 * Enrols: the choice, then the prompt or the picture and the code, then a name.
 *
 * @param wanted  one method, which is started at once, or several to choose from; without any, all are
 * @param intro  what the choice says; default: what it is good for
 */
export function enroll(guide: Guide, wanted?: unknown, intro?: string): Promise<Enrolled> {
  const { stile, kit, say, errorText, station, view } = guide
  const { button, codeField, element, markField, quietButton, submitButton } = kit
  const asked = ([wanted].flat() as (EnrollableMethod | undefined)[]).filter((each) => each !== undefined)
  const methods = asked.length > 0 ? METHODS.filter((each) => asked.includes(each)) : METHODS
  const enrollment = createEnrollment(stile)
  const { cancel, start } = enrollment
  const [field, input] = codeField(say('code'), (code) => enrollment.submit({ code }))
  const name = element('input', { maxLength: 64, autocomplete: 'off' })
  const able = (method: EnrollableMethod) => method === 'totp' || !!globalThis.PublicKeyCredential
  const best = methods.find(able)

  const choice = (each: EnrollableMethod) => {
    const way = button(say(`${each}Title`), () => start(each), each === best ? 'stile-primary' : '')
    return element('div', { className: 'stile-choice' }, way, element('p', {}, say(able(each) ? `${each}Hint` : 'passkeyMissing')))
  }
  const choices = (key: string, more: Partial<View>) => view(key, say('enrollTitle'), { body: () => methods.map(choice), ...more })

  const picture = (secret: string, qr: string | undefined) => {
    const image = element('img', { alt: say('qr'), width: 176, height: 176, src: `data:image/svg+xml,${encodeURIComponent(qr ?? '')}` })
    const key = element('code', {}, secret.replace(/(.{4})(?=.)/g, '$1 '))
    const row = element('div', { className: 'stile-secret' }, key, guide.copyButton(secret))
    return [...(qr ? [image] : []), element('p', {}, say('secret')), row, field]
  }

  return new Promise<Enrolled>((resolve) => {
    const showDone = ({ id, name: given, attestation }: Authenticator) => {
      const finish = () => resolve(true)
      const save = async () => {
        const next = name.value.trim()
        // it is enrolled whatever becomes of its name
        if (next && next !== given) await enrollment.rename(id, next).catch(() => {})
        finish()
      }
      name.value ||= given
      view('named', say('enrolled'), {
        icon: DRAWINGS.done,
        text: say(`attestation_${attestation}`),
        onCancel: finish,
        onSubmit: save,
        body: () => [element('label', {}, say('name'), name)],
        actions: () => [submitButton(say('save'))],
      })
    }

    const render = () => {
      const state = enrollment.get()
      if (state.status === 'cancelled') return resolve(false)
      if (state.status === 'done') return showDone(state.authenticator)
      if (state.status === 'idle') return choices('idle', { text: intro ?? say('enrollText') })
      if (state.status === 'failed') {
        const leave = () => resolve(false)
        const alert = state.problem?.detail || errorText({ code: state.code })
        const actions = () => [quietButton(say('close'), leave)]
        return view('refused', say('enrollTitle'), { icon: DRAWINGS.stop, alert, onCancel: leave, actions })
      }
      const { error, method } = state
      const alert = errorText(error, method)
      const icon = ICON[method]
      const title = say(`${method}Title`)
      if (state.status === 'starting') {
        if (error) return choices('again', { alert })
        return view('starting', title, { icon, text: say('wait'), busy: true })
      }
      const busy = state.status === 'verifying'
      const { registration, qr } = state
      if (registration.method !== 'totp') {
        const text = say(busy ? 'wait' : [`${method}Text`, 'passkey'])
        return view('prompt', title, { icon, text, busy: true, alert })
      }
      const { secret } = registration.start
      const onSubmit = () => enrollment.submit({ code: input.value })
      const body = () => picture(secret, qr)
      view(`totp${!!qr}`, title, { icon, text: say('scan'), busy, alert, body, onSubmit }, submitButton(say('verify')))
      markField(input, busy, !!error)
    }

    enrollment.subscribe(() => station(render, cancel))
    if (methods.length === 1 && methods[0] && typeof wanted === 'string') start(methods[0])
    else station(render, cancel)
  })
}
