import { StepUpCancelled } from '@stile/browser'
import { useStile } from '@stile/react'
import { type FormEvent, type ReactElement, useState } from 'react'
import type { Api } from '../api.ts'
import { sentenceFor } from '../stile/sentences.ts'

type Outcome = Readonly<{ tone: 'plain' | 'problem'; text: string; file?: string }>

/** A form whose button asks for a proof only when the API does; whatever was typed stays, whatever happens. */
export function ExportForm({ api }: Readonly<{ api: Api }>): ReactElement {
  const stile = useStile()
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Outcome | null>(null)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const note = String(new FormData(event.currentTarget).get('note'))
    setBusy(true)
    setOutcome(null)
    setOutcome(await exportLines(note))
    setBusy(false)
  }

  const exportLines = async (note: string): Promise<Outcome> => {
    try {
      const response = await stile.fetch(`${api.url}/api/exports`, {
        method: 'POST',
        credentials: 'include',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ note }),
      })
      if (response.ok) return { tone: 'plain', text: 'Exported.', file: await response.text() }
      return { tone: 'problem', text: ((await response.json()) as { detail: string }).detail }
    } catch (reason) {
      const cancelled = reason instanceof StepUpCancelled
      const lost = 'Nothing was exported, and your note is still here.'
      return { tone: cancelled ? 'plain' : 'problem', text: sentenceFor(reason, lost) }
    }
  }

  return (
    <form className="surface stack" onSubmit={submit}>
      <label className="field">
        Note for the file
        <input name="note" maxLength={200} placeholder="For the auditors" />
      </label>
      <div className="row">
        <button type="submit" className="primary" aria-disabled={busy} onClick={(event) => busy && event.preventDefault()}>
          {busy ? 'Exporting …' : 'Export lines'}
        </button>
        {outcome?.file !== undefined && (
          <a className="button quiet" download="lines.csv" href={`data:text/csv;charset=utf-8,${encodeURIComponent(outcome.file)}`}>
            Save lines.csv
          </a>
        )}
      </div>
      <p role="status" className={outcome?.tone === 'problem' ? 'problem' : 'done'} hidden={outcome === null}>
        {outcome?.text}
      </p>
      {outcome?.file !== undefined && <textarea className="file" readOnly rows={8} aria-label="Exported lines" value={outcome.file} />}
    </form>
  )
}
