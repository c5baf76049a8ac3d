import type { Flow, FlowState, Stile } from '../../stile.ts'
import type { DialogFrame, DialogView } from '../frame/frame.ts'
import { button, PROMPT_ICONS, quietButton, type Say, submitButton } from '../parts.ts'
import type { WizardGoal } from '../start-wizard.ts'
import type { CodeView, CodeViewOptions } from './code-view.ts'
import { explain } from './explain.ts'

/** A step-up that is done within this time opens no dialog. */
const QUIET_MS = 400
/** How long it is said at least that something takes a moment: a text that flashes is worse than none. */
const WAITING_MS = 500
/** How long a file that could not be loaded is left alone. */
const RETRY_MS = 4000

/** A state in which the service has answered and the step-up is still open. */
export type OpenFlowState = Extract<FlowState, { stepUp: unknown }>

/** What a view of a step-up says of itself; the rest is the same for all of them. */
export type PromptView = Partial<DialogView> & Pick<DialogView, 'key' | 'actions'>

/** What the views of a step-up share. */
export type StepUpPrompt = Readonly<{
  flow: Flow
  /** What people read as the thing that is asked for. */
  label: string | undefined
  /** Who is signed in, as people know it. */
  user: string | undefined
  /** The id of the element that tells what went wrong. */
  alertId: string
  show: (view: PromptView) => void
  close: () => void
  cancelButton: () => HTMLButtonElement
  /** Shows that something is under way, unless something else is rendered soon. */
  showWaiting: () => void
  /** Shows that something could not be reached, and how to try again. */
  showUnreachable: (alert: string, tryAgain: () => void) => void
  render: () => void
  /** Runs it after this time, unless something is rendered before. */
  runLater: (run: () => void, delayMs: number) => void
  /** Takes the step-up off the screen, and goes on to this. */
  finish: (next?: WizardGoal) => void
}>

/** Adds to a view what is confirmed, if the step-up is bound to an operation. */
export type AddOperation = (view: DialogView) => DialogView

/** The views that are loaded when a step-up begins: every other method, the choice, the errors and the end. */
export type MethodsView = Readonly<{
  addOperation: AddOperation
  /** The sentence for what went wrong; empty if nothing did. */
  alertOf: (state: FlowState) => string
  /** Shows the choice of methods in place of the one that is under way. */
  showChoice: () => void
  /** Shows what it has a view for, and answers whether it has. */
  render: (state: FlowState) => boolean
}>

/** What `showStepUp` works with. */
export type StepUpViewOptions = Readonly<{
  flow: Flow
  frame: DialogFrame
  say: Say
  /** What people read as the thing that is asked for. */
  label: string | undefined
  /** Who is signed in, as people know it. */
  user: string | undefined
  client: Pick<Stile, 'get'>
  /** Loads the view for a code of an authenticator app. */
  loadCodeView: (view: Pick<CodeViewOptions, 'prompt' | 'leaveButton'>) => Promise<CodeView>
  loadMethodsView: (prompt: StepUpPrompt) => Promise<MethodsView>
  /** Called once, when it can be shown what the step-up is for: it may begin. */
  onReady: () => void
  /** Called once, when there is nothing more to show. */
  onEnd: (next: WizardGoal | undefined) => void
}>

/** Counts the views, so that nothing of one step-up stays on the screen for another. */
let views = 0

/**
 * Shows a step-up from its start to its end.
 *
 * It shows passkeys itself, and codes of an authenticator app with a view that is loaded before the click, so that the first prompt waits for no
 * other file. `loadMethodsView` loads the rest while the service is asked.
 *
 * @returns what takes it off for good: nothing is shown after that, also of what ends later
 */
export function showStepUp(options: StepUpViewOptions): () => void {
  const { flow, frame, say, label, user, client, loadCodeView, loadMethodsView, onReady, onEnd } = options
  const { cancel } = flow
  const viewId = ++views
  let isReady = false
  let isOpen = false
  let isEnded = false
  let isWaiting = false
  let waitingUntil = 0
  let timer: ReturnType<typeof setTimeout>
  /** `null`: they could not be loaded. */
  let methodsView: MethodsView | null | undefined
  /** Nothing before it is loaded, and `null` if it could not be. */
  let codeView: CodeView | null | undefined

  const show: StepUpPrompt['show'] = (view) => {
    isOpen = true
    isWaiting = view.key === 'starting'
    const about = explain({ flow, client, say, label, user })
    const shown = { icon: PROMPT_ICONS.key, title: say('title'), text: '', about, onCancel: cancel, ...view, key: `${viewId} ${view.key}` }
    frame.show(methodsView ? methodsView.addOperation(shown) : shown)
  }
  const cancelButton = () => quietButton(say('cancel'), cancel)
  const stop = () => {
    isEnded = true
    clearTimeout(timer)
    unsubscribe()
  }
  const finish = (next?: WizardGoal) => {
    stop()
    onEnd(next)
  }
  const runLater = (run: () => void, delayMs: number) => {
    clearTimeout(timer)
    timer = setTimeout(run, delayMs)
  }

  const showWaiting = () =>
    runLater(() => {
      if (!isWaiting) waitingUntil = performance.now() + WAITING_MS
      show({ key: 'starting', busy: true, text: say('wait'), actions: () => [cancelButton()] })
    }, QUIET_MS)
  const showUnreachable: StepUpPrompt['showUnreachable'] = (alert, tryAgain) =>
    show({ key: 'unreachable', alert, onSubmit: tryAgain, actions: () => [submitButton(say('retry')), cancelButton()] })

  const leaveButton = ({ methods }: OpenFlowState) => {
    const isOnly = methods.length < 2
    return button({ label: say(isOnly ? 'none' : 'another'), onClick: showChoice, part: isOnly ? 'quiet link' : '' })
  }
  const showPasskey = (state: OpenFlowState) =>
    show({
      key: 'passkey',
      busy: true,
      alert: methodsView?.alertOf(state),
      text: say('passkey'),
      actions: () => [leaveButton(state), cancelButton()],
    })
  const loadCode = async () => {
    codeView ??= await loadCodeView({ prompt, leaveButton }).catch(() => null)
    render()
  }

  const render = () => {
    // what was loaded for it may come when it has ended
    if (isEnded) return
    clearTimeout(timer)
    const state = flow.get()
    if (state.status === 'cancelled' || (state.status === 'done' && !(isOpen && methodsView))) return finish()
    const isUnready = methodsView === null && !isReady
    if (state.status === 'starting' && !state.error && !isUnready) return showWaiting()
    const restMs = waitingUntil - performance.now()
    if (restMs > 0) return runLater(render, restMs)
    if (methodsView?.render(state)) return
    // nothing is asked before it is shown what for
    if ((state.status === 'proving' || state.status === 'verifying') && (methodsView || !flow.operation)) {
      if (state.method === 'passkey') return showPasskey(state)
      if (state.method === 'totp') {
        if (codeView) return codeView(state, methodsView?.alertOf(state))
        if (codeView === undefined) loadCode()
      }
    }
    if (methodsView !== null && codeView !== null) return showWaiting()
    showUnreachable(say('service_unavailable'), load)
    runLater(load, RETRY_MS)
  }
  const beReady = () => {
    if (!isReady) onReady()
    isReady = true
  }
  const load = async () => {
    codeView ??= undefined
    methodsView ??= await loadMethodsView(prompt).catch(() => null)
    if (methodsView) beReady()
    render()
  }
  const showChoice = async () => {
    if (!methodsView) await load()
    methodsView?.showChoice()
  }

  const prompt: StepUpPrompt = {
    flow,
    label,
    user,
    alertId: frame.alertId,
    show,
    close: () => {
      isOpen = false
      frame.close()
    },
    cancelButton,
    showWaiting,
    showUnreachable,
    render,
    runLater,
    finish,
  }
  const unsubscribe = flow.subscribe(render)
  load()
  // what confirms an operation waits for the view of it
  if (!flow.operation) beReady()
  render()
  return stop
}
