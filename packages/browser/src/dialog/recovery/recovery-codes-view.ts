import { createRecovery } from '../../enroll/recovery.ts'
import type { FlowError } from '../../stile.ts'
import { ICONS } from '../elements/more-icons.ts'
import { button, element, quietButton, submitButton } from '../parts.ts'
import { RECOVERY_TEXTS } from '../texts/recovery-texts.ts'
import { createCopyButton } from '../wizard/copy-button.ts'
import type { Wizard } from '../wizard/wizard.ts'
import { PRINT_STYLES, RECOVERY_STYLES } from './styles.ts'

/** Why recovery codes are shown. */
export type RecoveryCodesViewOptions = Readonly<{
  /** Whether the subject asked for them. Otherwise they are offered, to subjects who have none. */
  isRequested: boolean
}>

/**
 * Makes ten recovery codes and shows them once.
 *
 * @returns whether they were made
 */
export async function showRecoveryCodes(wizard: Wizard, { isRequested }: RecoveryCodesViewOptions): Promise<boolean> {
  wizard.extend({ texts: RECOVERY_TEXTS, css: RECOVERY_STYLES, pageCss: PRINT_STYLES })
  const { say, show } = wizard
  const recovery = createRecovery(wizard.client)
  const codesLeft = await recovery
    .status()
    .then((status) => status.codesLeft)
    .catch(() => undefined)
  // if nobody knows how many are left, none are offered
  if (!isRequested && codesLeft !== 0) return false

  return new Promise<boolean>((resolve) => {
    let busy = false
    let error: FlowError | undefined
    // once they are asked for, nobody leaves without seeing them: they would end the former ones all the same
    const leave = () => {
      if (!busy) resolve(false)
    }
    const endsFormerCodes = isRequested && !!codesLeft
    const offerText = endsFormerCodes ? `${say('offerText')} ${say('makingCodes')}` : say('offerText')
    const showOffer = () =>
      show({
        key: 'offer',
        icon: ICONS.codes,
        title: say('offerTitle'),
        about: [wizard.signedInAs],
        text: offerText,
        busy,
        alert: wizard.errorText(error),
        onCancel: leave,
        onSubmit: make,
        actions: () => [submitButton(say(isRequested ? 'makeCodes' : 'offer')), quietButton(say(isRequested ? 'cancel' : 'notNow'), leave)],
      })
    const offerStep = { render: showOffer, cancel: () => resolve(false) }
    const make = async () => {
      if (busy) return
      busy = true
      error = undefined
      wizard.showStep(offerStep)
      try {
        showCodes(await recovery.makeCodes())
      } catch (cause) {
        busy = false
        error = wizard.errorOf(cause)
        wizard.showStep(offerStep)
      }
    }

    const showCodes = (codes: readonly string[]) => {
      let alert = ''
      let isSaved = false
      const savedButton = submitButton(say('saved'))
      savedButton.disabled = true
      const tick = element('input', { type: 'checkbox', onchange: () => setSaved(tick.checked) })
      const setSaved = (next: boolean) => {
        isSaved = next
        tick.checked = next
        savedButton.disabled = !next
        alert = ''
        render()
      }
      const save = () => setSaved(true)
      const markHost = (hasCodes: boolean) => wizard.host.toggleAttribute('data-codes', hasCodes)
      // the browser asks whether to leave the page
      const askToStay = (event: Event) => isSaved || event.preventDefault()
      const finish = () => {
        markHost(false)
        removeEventListener('beforeunload', askToStay)
        resolve(true)
      }
      const body = () => [
        element('ol', { part: 'codes', dir: 'ltr' }, ...codes.map((code) => element('li', {}, element('code', { part: 'code' }, code)))),
        element(
          'div',
          { part: 'row' },
          createCopyButton(say, { text: codes.join('\n'), onCopied: save }),
          button({
            label: say('download'),
            onClick: async () => {
              const heading = say('codesFile', { host: location.host, date: new Date().toLocaleDateString() })
              const { download } = await import('./download.ts')
              download({ name: say('codesFileName'), text: `${heading}\n\n${codes.join('\n')}\n` })
              save()
            },
          }),
          button({
            label: say('print'),
            onClick: () => {
              print()
              save()
            },
          }),
        ),
        element('label', { part: 'tick' }, tick, say('savedTick')),
      ]
      const render = () =>
        show({
          key: 'codes',
          icon: ICONS.codes,
          title: say('codesTitle'),
          about: [wizard.signedInAs],
          text: `${say('codesText')}${endsFormerCodes ? ` ${say('formerEnded')}` : ''}`,
          alert,
          // they are shown only once, so that neither Escape nor Enter throws them away
          onCancel: () => {
            if (isSaved) return finish()
            alert = say('saveFirst')
            render()
          },
          onSubmit: () => isSaved && finish(),
          body,
          actions: () => [savedButton],
        })
      markHost(true)
      addEventListener('beforeunload', askToStay)
      wizard.showStep({ render, cancel: finish })
    }

    wizard.showStep(offerStep)
  })
}
