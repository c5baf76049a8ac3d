import type { Method } from '@stile/protocol'
import type { Flow, FlowError } from '../stile.ts'
import { button, codeField, markField } from './element.ts'
import { type Frame, quietButton, submitButton, type View } from './frame.ts'
import type { Say } from './texts.ts'

/** A step-up that is done at once opens no dialog: it waits this long for it. */
const QUIET_MS = 200
const DONE_MS = 700
const RETRY_MS = 4000
const TICK_MS = 5000

/** The sentence for an error: what happened, what is left, when to try again. Texts are chosen by code, never by message. */
export function errorText(say: Say, error: FlowError | undefined): string {
  if (!error) return ''
  const { code, failure, attemptsLeft, retryAt = 0 } = error
  const minutes = Math.ceil((retryAt - Date.now()) / 60_000)
  const rest = minutes > 0 ? say('lockedFor', { minutes }) : attemptsLeft ? say('attemptsLeft', { count: attemptsLeft }) : ''
  return `${say([failure, code, 'failed'])} ${rest}`.trim()
}

const USE: { [M in Method]?: string } = { passkey: 'usePasskey', totp: 'useTotp', relogin: 'useRelogin' }

/**
 * Shows a step-up from its start to its end.
 *
 * @param label  what people read as the thing that is asked for
 * @param onEnd  called once when there is nothing more to show; with `true` where the subject wants to enrol
 */
export function showStepUp(flow: Flow, [show, close]: Frame, say: Say, label: string | undefined, onEnd: (enroll: boolean) => void): void {
  let open = false
  let timer: ReturnType<typeof setTimeout>
  const { cancel, choose, submit, retry } = flow
  const purpose = label ? say('purpose', { feature: label }) : ''
  const [field, input] = codeField(say('code'), (code) => submit({ code }))

  const finish = (enroll = false) => {
    clearTimeout(timer)
    unsubscribe()
    onEnd(enroll)
  }
  const leave = () => finish()
  const later = (ms: number, run: () => void) => {
    timer = setTimeout(run, ms)
  }
  const view = (key: string, more: Partial<View>, ...actions: readonly Node[]) => {
    open = true
    const all = () => [...actions, quietButton(say('cancel'), cancel)]
    show({ key, icon: 'key', title: say('title'), text: purpose, onCancel: cancel, actions: all, ...more })
  }

  const render = () => {
    clearTimeout(timer)
    const state = flow.get()
    const { status } = state
    if (status === 'cancelled' || (status === 'done' && !open)) return finish()
    if (status === 'done') {
      view('done', { icon: 'done', title: say('done'), onCancel: leave, actions: () => [] })
      return later(DONE_MS, leave)
    }
    if (status === 'failed') {
      const { code, problem } = state
      const enroll = code === 'enrollment_required'
      return view('failed', {
        icon: 'stop',
        alert: (code === 'denied' && problem?.detail) || errorText(say, { code }),
        onCancel: leave,
        onSubmit: () => finish(enroll),
        actions: () => [submitButton(say(enroll ? 'enroll' : 'close')), ...(enroll ? [quietButton(say('cancel'), leave)] : [])],
      })
    }
    const { error } = state
    const alert = errorText(say, error)
    const busy = status === 'verifying' || (status === 'proving' && state.method !== 'totp')
    if (status === 'starting') {
      if (error) {
        later(RETRY_MS, retry)
        return view('away', { alert, onSubmit: retry }, submitButton(say('retry')))
      }
      const wait = () => view('starting', { busy: true, text: say('wait') })
      return open ? wait() : later(QUIET_MS, wait)
    }

    const { method, methods } = state
    const locked = (error?.retryAt ?? 0) > Date.now()
    if (locked) later(TICK_MS, render)
    if (method === 'relogin' && busy) {
      // the application's own sign-in must not lie behind a modal dialog
      open = false
      return close()
    }
    const choosing = status === 'choosing'
    const ways = methods
      .filter((each) => choosing || each !== method)
      .map((each) => {
        const way = button(say(USE[each] ?? ''), () => choose(each), choosing && each === (method ?? methods[0]) ? 'stile-primary' : '')
        way.disabled = locked && each === 'totp'
        return way
      })
    if (choosing) return view(`${locked}`, { alert }, ...ways)
    const typing = method === 'totp'
    view(
      `${method}`,
      {
        icon: typing ? 'phone' : 'key',
        busy,
        alert,
        ...(busy && { text: say(status === 'verifying' ? 'wait' : 'passkey') }),
        onSubmit: () => submit({ code: input.value }),
        body: () => (typing ? [field] : []),
      },
      ...(typing ? [submitButton(say('verify'))] : []),
      ...ways,
    )
    if (typing) markField(input, busy, !!error)
  }
  const unsubscribe = flow.subscribe(render)
  render()
}
