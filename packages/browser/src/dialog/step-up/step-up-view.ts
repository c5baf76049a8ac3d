import type { Method } from '@stile/protocol'
import type { EnrollableMethod } from '../../enroll/enrollment.ts'
import type { Flow, FlowState } from '../../stile.ts'
import { button, codeField, markField } from '../elements/element.ts'
import { type Frame, ICONS, quietButton, submitButton, type View } from '../frame/frame.ts'
import type { Say } from '../texts/texts.ts'

/** A step-up that is done at once opens no dialog: it waits this long for it. */
const QUIET_MS = 200
const DONE_MS = 700
const RETRY_MS = 4000

/** What comes after a step-up that ended: enrolling one of these, or recovery. */
export type Next = readonly EnrollableMethod[] | 'recover' | undefined

/** What the views of a step-up share. */
export type Stage = Readonly<{
  flow: Flow
  close: () => void
  view: (key: string, more: Partial<View>, ...actions: readonly Node[]) => void
  /** Renders again after this time, unless something else happens first. */
  later: (ms: number, run: () => void) => void
  render: () => void
  /** Asks for another way than the one that is shown. */
  aside: () => void
  /** Shows the state again, or starts a method, as if no other way had been asked for. */
  back: (method?: Method) => void
  finish: (next?: Next) => void
}>

/** What is loaded when a step-up begins: every other way, the choice, the errors and the end. */
export type Ways = Readonly<{
  say: Say
  /** The sentence for what went wrong; nothing where nothing did. */
  alert: (state: FlowState) => string
  /** Shows the state; `aside` once the subject asks for another way. */
  render: (state: FlowState, aside: boolean) => void
}>

/**
 * Shows a step-up from its start to its end.
 *
 * A passkey and a code are shown at once; all else is in `load`, which is under way while the service is asked.
 *
 * @param label  what people read as the thing that is asked for
 * @param onEnd  called once when there is nothing more to show
 */
export function showStepUp(
  flow: Flow,
  [show, close]: Frame,
  say: Say,
  label: string | undefined,
  load: (stage: Stage) => Promise<Ways>,
  onEnd: (next: Next) => void,
): void {
  let open = false
  let timer: ReturnType<typeof setTimeout>
  let ways: Ways | undefined
  let broken = false
  /** The chosen method that the subject wants to get away from. */
  let left: unknown
  const { cancel, submit, retry } = flow
  const [field, input] = codeField(say('code'), (code) => submit({ code }))

  const finish = (next?: Next) => {
    clearTimeout(timer)
    unsubscribe()
    onEnd(next)
  }
  const later = (ms: number, run: () => void) => {
    clearTimeout(timer)
    timer = setTimeout(run, ms)
  }
  const view: Stage['view'] = (key, more, ...actions) => {
    open = true
    const all = () => [...actions, quietButton(say('cancel'), cancel)]
    const text = label ? say('purpose', { feature: label }) : ''
    show({ key, icon: ICONS.key, title: say('title'), text, onCancel: cancel, actions: all, ...more })
  }
  const wait = () => view('starting', { busy: true, text: say('wait') })

  const render = () => {
    clearTimeout(timer)
    const state = flow.get()
    const { status } = state
    if (status === 'cancelled' || (status === 'done' && !open)) return finish()
    if (status === 'done') {
      view('done', { icon: ICONS.done, title: say('done'), onCancel: finish, actions: () => [] })
      return later(DONE_MS, finish)
    }
    if (status === 'starting') {
      if (state.error) {
        later(RETRY_MS, retry)
        return view('away', { alert: say([state.error.code, 'failed']), onSubmit: retry }, submitButton(say('retry')))
      }
      return open ? wait() : later(QUIET_MS, wait)
    }
    const method = 'method' in state ? state.method : undefined
    const aside = left !== undefined && left === method
    const typing = method === 'totp'
    if (status !== 'failed' && status !== 'choosing' && (typing || method === 'passkey') && !aside) {
      const busy = !typing || status === 'verifying'
      view(
        method,
        {
          icon: typing ? ICONS.phone : ICONS.key,
          busy,
          alert: ways?.alert(state) ?? '',
          ...(busy && { text: say(status === 'verifying' ? 'wait' : 'passkey') }),
          onSubmit: () => submit({ code: input.value }),
          body: () => (typing ? [field] : []),
        },
        ...(typing ? [submitButton(say('verify'))] : []),
        state.methods[1] ? button(say('another'), stage.aside) : button(say('none'), stage.aside, 'stile-quiet stile-link'),
      )
      if (typing) markField(input, busy, !!state.error)
      return
    }
    if (ways) ways.render(state, aside)
    else if (broken) view('away', { alert: say('service_unavailable'), onSubmit: begin }, submitButton(say('retry')))
    else wait()
  }
  const begin = () => {
    broken = false
    load(stage)
      .then(
        (loaded) => {
          ways = loaded
        },
        () => {
          broken = true
        },
      )
      .then(() => open && render())
  }
  const stage: Stage = {
    flow,
    view,
    later,
    render,
    finish,
    aside: () => {
      left = (flow.get() as { method?: Method }).method
      render()
    },
    close: () => {
      open = false
      close()
    },
    back: (method) => {
      left = undefined
      if (method) flow.choose(method)
      else render()
    },
  }
  const unsubscribe = flow.subscribe(render)
  begin()
  render()
}
