import type { Method, StepUpMethod } from '@stile/protocol'
import type { EnrollableMethod } from '../../enroll/enrollment.ts'
import type { FlowState } from '../../stile.ts'
import type { DialogOptions, Kit } from '../dialog.ts'
import { DRAWINGS } from '../elements/icons.ts'
import { errorText, isLocked } from '../texts/error-text.ts'
import { WAY_TEXTS } from '../texts/step-up-texts.ts'
import { createEmailView } from './email-view.ts'
import type { Stage, Ways } from './step-up-view.ts'

const TICK_MS = 5000

const CSS = `stile-dialog{.stile-way{display:grid;grid-template-columns:1.5rem 1fr;gap:0 .75rem;align-items:center;text-align:start;svg{width:1.5rem;padding:0;margin:0;border:0;border-radius:0;grid-row:span 2;animation:none}svg:has(+ span:last-child){grid-row:auto}small{grid-column:2;font-weight:400;color:var(--m);overflow-wrap:anywhere}&.stile-primary :is(svg,small){color:inherit}&:disabled{opacity:1;border-style:dashed;color:var(--m);cursor:default;svg{opacity:.5}}}.stile-link{min-height:1.5rem;padding:.25rem;border:0;color:var(--m);font-weight:400;font-size:.93em;text-decoration:underline;text-underline-offset:.2em;&:disabled{opacity:.9;text-decoration:none;cursor:default}}[role=status]{font-size:.93em}}`

type Shown = Exclude<FlowState, { status: 'done' | 'cancelled' | 'starting' }>
type Asked = Extract<Shown, { stepUp: unknown }>

/** How each method is offered. */
const USE: { readonly [M in Method]?: readonly [text: string, drawing: string] } = {
  passkey: ['usePasskey', DRAWINGS.passkey],
  'security-key': ['useKey', DRAWINGS.usb],
  totp: ['useTotp', DRAWINGS.phone],
  'email-otp': ['useEmail', DRAWINGS.mail],
  relogin: ['useRelogin', DRAWINGS.door],
}

/** Makes the views of every way but the first, of the choice, and of the end of a step-up that did not succeed. */
export function createWays(stage: Stage, kit: Kit, scope: Document | ShadowRoot, options: DialogOptions): Ways {
  const { flow, view, later, close, render: again, aside, back, finish } = stage
  const { adoptStyles, button, createSay, element, picture, quietButton, submitButton, texts } = kit
  adoptStyles(scope, options.nonce, CSS)
  const say = createSay({ ...texts, ...WAY_TEXTS, ...options.texts })
  const email = createEmailView(stage, kit, say)
  const wayOf = (state: Asked, method: Method | undefined): StepUpMethod | undefined =>
    state.stepUp.methods.find((each) => each.method === method)
  const hostOf = (state: Asked) => wayOf(state, 'relogin')?.hint
  const alert = (state: FlowState) => ('error' in state ? errorText(say, state.error, 'method' in state ? state.method : undefined) : '')
  const recover = () => button(say('none'), () => leaveFor('recover'), 'stile-link')
  /** The step-up is over for whoever can do none of these: its callers learn that it was cancelled. */
  const leaveFor = (next: 'recover') => {
    finish(next)
    flow.cancel()
  }
  const another = ({ methods }: Asked) => (methods[1] ? button(say('another'), aside) : recover())

  /** One way as a button: what it is, and which one where it has a name of its own. */
  const wayButton = (state: Asked, method: Method, primary: boolean): HTMLButtonElement => {
    const [text, drawing] = USE[method] ?? ['', '']
    const way = wayOf(state, method)
    const locked = isLocked(state.error) && isGuessable(method)
    const host = method === 'relogin' && way?.hint
    const label = host ? say('useReloginAt', { host }) : say(text)
    // the name that everything of its kind has by itself tells nothing
    const name = method !== 'relogin' && way?.hint && !label.toLowerCase().includes(way.hint.toLowerCase()) ? way.hint : undefined
    const { retryAt } = state.error ?? {}
    const hint = locked && retryAt ? say('againIn', { minutes: Math.max(Math.ceil((retryAt - Date.now()) / 60_000), 1) }) : name
    const made = button('', () => pick(state, method), `stile-way${primary ? ' stile-primary' : ''}`)
    made.append(picture(drawing), element('span', {}, label), ...(hint ? [' ', element('small', {}, hint)] : []))
    made.disabled = locked
    return made
  }
  const pick = (state: Asked, method: Method) => {
    // a code that was typed in part, or is on its way, is not asked for anew
    const goesOn = state.status === 'proving' && state.method === method && isGuessable(method)
    back(goesOn ? undefined : method)
  }
  /** What is shown of the choice. */
  let buttons: readonly HTMLButtonElement[] = []
  const choice = (state: Asked) => {
    const { error, method, methods } = state
    const locked = isLocked(error)
    if (locked) later(TICK_MS, again)
    // what was tried last stays the first to try, unless it is locked
    const open = methods.filter((each) => !(locked && isGuessable(each)))
    const best = open.find((each) => each === method) ?? open[0]
    const minute = locked && error?.retryAt && Math.ceil((error.retryAt - Date.now()) / 60_000)
    const next = [...methods.map((each) => wayButton(state, each, each === best)), recover()]
    const { activeElement } = (buttons[0]?.getRootNode() ?? {}) as Partial<Document>
    const held = buttons.indexOf(activeElement as HTMLButtonElement)
    const key = `choice ${methods} ${best} ${minute}`
    const text = alert(state) ? {} : { text: say('chooseText') }
    view(key, { alert: alert(state), ...text }, ...next)
    if (!next[0]?.isConnected) return
    // the focus stays where it is while the minutes run
    next[held]?.focus()
    buttons = next
  }

  const failed = ({ code, problem }: Extract<FlowState, { status: 'failed' }>) => {
    const methods = problem?.next?.methods?.filter(isEnrollable) ?? []
    const enroll = code === 'enrollment_required'
    const unable = code === 'method_unavailable'
    const leave = () => finish()
    view('failed', {
      icon: DRAWINGS.stop,
      alert: errorText(say, { ...problem, code }),
      onCancel: leave,
      onSubmit: () => finish(enroll ? methods : unable ? 'recover' : undefined),
      actions: () => [
        submitButton(say(enroll ? 'enroll' : unable ? 'useRecovery' : 'close')),
        ...(enroll || unable ? [quietButton(say(enroll ? 'cancel' : 'close'), leave)] : []),
      ],
    })
  }

  const render: Ways['render'] = (state, away) => {
    if (state.status === 'failed') return failed(state)
    if (!('stepUp' in state)) return
    const { method, status, methods } = state
    if (away && !methods[1]) return leaveFor('recover')
    if (status === 'choosing' || away) return choice(state)
    const busy = status === 'verifying'
    if (method === 'email-otp') return email(state, alert(state), another(state))
    if (method === 'security-key') {
      return view(
        'security-key',
        { icon: DRAWINGS.usb, busy: true, text: say(busy ? 'wait' : 'touchKey'), alert: alert(state) },
        another(state),
      )
    }
    // the application's own sign-in must not lie behind a modal dialog
    if (!hostOf(state)) return close()
    const reopen = button(say('signInAgain'), () => back('relogin'))
    const text = say(busy ? 'wait' : 'signIn')
    view(
      'relogin',
      { icon: DRAWINGS.door, title: say('useReloginAt', { host: hostOf(state) ?? '' }), busy: true, text },
      reopen,
      another(state),
    )
  }
  return { say, alert, render }
}

/** Whether it is a code that is typed, so that wrong ones are counted. */
function isGuessable(method: Method): boolean {
  return method === 'totp' || method === 'email-otp'
}

function isEnrollable(method: string): method is EnrollableMethod {
  return ['passkey', 'security-key', 'totp'].includes(method)
}
