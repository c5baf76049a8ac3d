import { StepUpCancelled } from '@stile/browser'
import { StepUpGate, TierGuard, useStile } from '@stile/react'
import { type FormEvent, type ReactElement, useState } from 'react'
import type { Settings as SettingsOf } from '../../api/settings.ts'
import type { Api } from '../api.ts'
import { Loaded } from '../loaded.tsx'
import { sentenceFor } from '../stile/sentences.ts'
import { useApi } from '../use-api.ts'

/** What a company keeps about itself: two forms, one of which wants a fresh sign-in, the other a security key. */
export function Settings({ api }: Readonly<{ api: Api }>): ReactElement {
  const loaded = useApi<SettingsOf>(api, '/api/settings')
  return (
    <>
      <h1>Settings</h1>
      <Loaded of={loaded}>
        {(settings) => (
          <>
            <section>
              <h2>Billing contact</h2>
              <p className="lead">To save, you’ll confirm it’s you.</p>
              <SettingForm api={api} path="contact" member="contact" label="Billing contact" value={settings.contact} save="Save contact" />
            </section>
            <section className="section">
              <h2>Payout account</h2>
              <TierGuard tier="enterprise" label="Enterprise">
                <p className="lead">All payouts go to this account, so changing it asks for an approved security key.</p>
                <StepUpGate feature="payouts.account" label="Changing the payout account">
                  <SettingForm
                    api={api}
                    path="payout-account"
                    member="iban"
                    label="IBAN"
                    value={settings.payoutAccount}
                    save="Save account"
                  />
                </StepUpGate>
              </TierGuard>
            </section>
          </>
        )}
      </Loaded>
    </>
  )
}

type SettingFormProps = Readonly<{ api: Api; path: string; member: string; label: string; value: string; save: string }>

/** One text and its button. What was typed stays, whatever happens. */
function SettingForm({ api, path, member, label, value, save }: SettingFormProps): ReactElement {
  const stile = useStile()
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Readonly<{ ok: boolean; text: string }> | null>(null)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget).get(member))
    setBusy(true)
    setOutcome(null)
    setOutcome(await put(text))
    setBusy(false)
  }

  const put = async (text: string) => {
    try {
      const response = await stile.fetch(`${api.url}/api/settings/${path}`, {
        method: 'PUT',
        credentials: 'include',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ [member]: text }),
      })
      if (response.ok) return { ok: true, text: 'Saved.' }
      return { ok: false, text: ((await response.json()) as { detail: string }).detail }
    } catch (reason) {
      return { ok: reason instanceof StepUpCancelled, text: sentenceFor(reason, 'Nothing was saved, and your text is still here.') }
    }
  }

  return (
    <form className="surface stack" onSubmit={submit}>
      <label className="field">
        {label}
        <input name={member} maxLength={120} required defaultValue={value} />
      </label>
      <div className="row">
        <button type="submit" className="primary" aria-disabled={busy} onClick={(event) => busy && event.preventDefault()}>
          {busy ? 'Saving …' : save}
        </button>
      </div>
      <p role="status" className={outcome?.ok === false ? 'problem' : 'done'} hidden={outcome === null}>
        {outcome?.text}
      </p>
    </form>
  )
}
