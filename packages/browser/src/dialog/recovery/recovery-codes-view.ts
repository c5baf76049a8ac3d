import { createRecovery } from '../../enroll/index.ts'
import { flowError, StileError } from '../../error.ts'
import type { FlowError } from '../../stile.ts'
import { DRAWINGS } from '../elements/icons.ts'
import type { Guide } from '../setup.ts'

/**
 * Makes ten recovery codes and shows them once.
 *
 * @param wanted  whether the subject asked for them: otherwise they are offered to who has none
 * @returns whether they were made
 */
export async function showCodes(guide: Guide, wanted: boolean): Promise<boolean> {
  const { stile, kit, say, errorText, station, view } = guide
  const { button, element, quietButton, submitButton } = kit
  const recovery = createRecovery(stile)
  // where it cannot be told, nothing is offered
  const left = await recovery.status().then(
    ({ codesLeft }) => codesLeft,
    () => (wanted ? 0 : 1),
  )
  if (!wanted && left > 0) return false

  return new Promise<boolean>((resolve) => {
    let busy = false
    let error: FlowError | undefined
    const leave = () => resolve(false)

    const offer = () => {
      const text = wanted ? `${say('offerText')}${left > 0 ? ` ${say('makingCodes')}` : ''}` : say('offerText')
      view('offer', say('offerTitle'), {
        icon: DRAWINGS.codes,
        text: busy ? say('wait') : text,
        busy,
        alert: errorText(error),
        onSubmit: make,
        actions: () => [submitButton(say(wanted ? 'makeCodes' : 'offer')), quietButton(say(wanted ? 'cancel' : 'notNow'), leave)],
      })
    }
    const make = async () => {
      if (busy) return
      busy = true
      error = undefined
      station(offer, leave)
      try {
        show(await recovery.makeCodes())
      } catch (cause) {
        busy = false
        error = errorOf(cause)
        station(offer, leave)
      }
    }

    const show = (codes: readonly string[]) => {
      let alert = ''
      const text = `${say('codesFile', { host: location.host, date: new Date().toLocaleDateString() })}\n\n${codes.join('\n')}\n`
      const save = () => {
        const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
        element('a', { href: url, download: say('codesFileName') }).click()
        URL.revokeObjectURL(url)
      }
      const shown = () =>
        view('codes', say('codesTitle'), {
          icon: DRAWINGS.codes,
          text: say('codesText'),
          alert,
          // they are shown only once: Escape does not throw them away
          onCancel: () => {
            alert = say('saveFirst')
            shown()
          },
          onSubmit: () => resolve(true),
          body: () => [
            element('ol', { className: 'stile-codes' }, ...codes.map((code) => element('li', {}, element('code', {}, code)))),
            element(
              'div',
              { className: 'stile-row' },
              guide.copyButton(codes.join('\n')),
              button(say('download'), save),
              button(say('print'), () => print()),
            ),
          ],
          actions: () => [submitButton(say('saved'))],
        })
      station(shown, () => resolve(true))
    }
    station(offer, leave)
  })
}

/** What went wrong, as it is shown; nothing where the subject left a prompt. */
export function errorOf(cause: unknown): FlowError | undefined {
  const known = cause instanceof StileError ? cause : new StileError('internal', undefined, cause)
  return known.code === 'step_up_cancelled' ? undefined : flowError(known, Date.now() / 1000)
}
