import type { Method } from '@stile/protocol'
import type { Flow, FlowError } from '../stile.ts'
import { button, codeField } from './element.ts'
import { type Frame, quietButton, submitButton, type View } from './frame.ts'
import type { Say } from './texts.ts'

/** What showing a step-up needs. */
export type StepUpViewDeps = Readonly<{
  frame: Frame
  say: Say
  labels: Readonly<Record<string, string>>
  /** Shows enrolment. */
  enroll: () => void
}>

/** A step-up that is done at once, or fails to need a prompt, opens none: the dialog waits this long for it. */
const QUIET_MS = 200
const DONE_MS = 700
const RETRY_MS = 4000
const TICK_MS = 5000

/** The sentence for an error: what happened, what is left, when to try again. Texts are chosen by code, never by message. */
export function errorText(say: Say, error: FlowError | undefined, now: number): string {
  if (!error) return ''
  const { code, failure, attemptsLeft, retryAt } = error
  const parts = [say([failure, code, 'failed'])]
  if (retryAt && retryAt > now) parts.push(say('lockedFor', { minutes: Math.ceil((retryAt - now) / 60_000) }))
  else if (attemptsLeft) parts.push(say('attemptsLeft', { count: attemptsLeft }))
  return parts.join(' ')
}

const USE: Partial<Record<Method, string>> = { passkey: 'usePasskey', totp: 'useTotp', relogin: 'useRelogin' }

/** Shows a step-up from its start to its end; resolves when there is nothing more to show. */
export function showStepUp(flow: Flow, { frame, say, labels, enroll }: StepUpViewDeps): Promise<void> {
  return new Promise((resolve) => {
    let open = false
    let timer: ReturnType<typeof setTimeout>
    const label = flow.label ?? labels[flow.feature]
    const { cancel } = flow
    const title = say('title')
    const purpose = label ? say('purpose', { feature: label }) : ''
    const code = codeField(say('code'), () => flow.submit({ code: code.input.value }))

    const finish = () => {
      clearTimeout(timer)
      unsubscribe()
      resolve()
    }
    const later = (ms: number, run: () => void) => {
      timer = setTimeout(run, ms)
    }
    const show = (view: Partial<View> & Pick<View, 'key' | 'icon'>) => {
      open = true
      frame.show({ title, text: purpose, onCancel: cancel, actions: () => [quietButton(say('cancel'), cancel)], ...view })
    }
    const choices = (methods: readonly Method[], error: FlowError | undefined, primary = '') =>
      methods.map((method) => {
        const made = button(say(USE[method] ?? ''), () => flow.choose(method), method === primary ? 'stile-primary' : '')
        made.disabled = method === 'totp' && isLocked(error)
        return made
      })
    const isLocked = (error: FlowError | undefined) => (error?.retryAt ?? 0) > Date.now()

    const render = () => {
      clearTimeout(timer)
      const state = flow.get()
      switch (state.status) {
        case 'cancelled':
          return finish()
        case 'done':
          if (!open) return finish()
          show({ key: 'done', icon: 'done', title: say('done'), text: '', onCancel: finish, actions: () => [] })
          return later(DONE_MS, finish)
        case 'failed': {
          const canEnroll = state.code === 'enrollment_required'
          const next = () => {
            finish()
            if (canEnroll) enroll()
          }
          return show({
            key: 'failed',
            icon: 'stop',
            alert: (state.code === 'denied' && state.problem?.detail) || errorText(say, { code: state.code }, 0),
            onCancel: finish,
            onSubmit: next,
            actions: () => (canEnroll ? [submitButton(say('enroll')), quietButton(say('cancel'), finish)] : [submitButton(say('close'))]),
          })
        }
        case 'starting':
          if (!open && !state.error) return later(QUIET_MS, () => show({ key: 'starting', icon: 'key', busy: true, text: say('starting') }))
          show({
            key: `starting${!state.error}`,
            icon: 'key',
            busy: !state.error,
            alert: errorText(say, state.error, Date.now()),
            onSubmit: flow.retry,
            actions: () => [...(state.error ? [submitButton(say('retry'))] : []), quietButton(say('cancel'), cancel)],
          })
          if (state.error) later(RETRY_MS, flow.retry)
          return
      }

      const { status, method, methods, error } = state
      const others = methods.filter((each) => each !== method)
      const alert = errorText(say, error, Date.now())
      const busy = status === 'verifying' || (status === 'proving' && method !== 'totp')
      if (isLocked(error)) later(TICK_MS, render)
      if (method === 'relogin' && status === 'proving') {
        // the application's own sign-in must not lie behind a modal dialog
        open = false
        return frame.close()
      }
      if (status === 'choosing') {
        const locked = isLocked(error) && method === 'totp'
        const primary = locked ? others[0] : (method ?? methods[0])
        return show({
          key: `choosing${locked}${primary}`,
          icon: 'key',
          alert,
          actions: () => [...choices(methods, error, primary), quietButton(say('cancel'), cancel)],
        })
      }
      const typing = method === 'totp'
      const { input } = code
      show({
        key: `${method}`,
        icon: typing ? 'phone' : 'key',
        busy,
        text: typing ? purpose : say(status === 'verifying' ? 'verifying' : 'passkey'),
        alert,
        onSubmit: () => flow.submit({ code: input.value }),
        body: () => (typing ? [code.field] : []),
        actions: () => [...(typing ? [submitButton(say('verify'))] : []), ...choices(others, error), quietButton(say('cancel'), cancel)],
      })
      input.readOnly = busy
      input.setAttribute('aria-invalid', `${!!error}`)
      if (typing && error && !busy) input.select()
    }
    const unsubscribe = flow.subscribe(render)
    render()
  })
}
