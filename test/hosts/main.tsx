import pico from '@picocss/pico/css/pico.min.css?url'
import { mountDialog } from '@stile/browser/dialog'
import { StepUpGate, StileProvider } from '@stile/react'
import bootstrap from 'bootstrap/dist/css/bootstrap.min.css?url'
import { type ReactElement, useState } from 'react'
import { createRoot } from 'react-dom/client'
import preflight from 'tailwindcss/preflight.css?url'
import { MODALS } from './modals.tsx'
import { API, connect } from './stile.ts'

const SHEETS: Readonly<Record<string, string | undefined>> = { bootstrap, pico, preflight }

/** `modal` and `sheet`: the library whose modal is open, and whose rules the page has; `gate`: it shows a gate; `framed`: it shows itself in a frame; `dialogs`: how many there are. */
const asked = new URLSearchParams(location.search)
const stile = connect()
const mounted = Array.from({ length: Number(asked.get('dialogs') ?? 1) }, (_, index) => mountDialog(index === 0 ? stile : connect()))

const sheet = SHEETS[asked.get('sheet') ?? '']
if (sheet) {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = sheet
  document.head.append(link)
}

function Page(): ReactElement {
  const [open, setOpen] = useState(false)
  const [result, setResult] = useState('')
  const Modal = MODALS[asked.get('modal') ?? 'none'] as (typeof MODALS)[string]
  const ask = async () =>
    setResult(
      await stile.fetch(`${API}/export`).then(
        (response) => response.text(),
        ({ code }: { code?: string }) => `refused: ${code}`,
      ),
    )
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Open the modal
      </button>
      <button type="button" onClick={() => mounted[0]?.enroll('totp')}>
        Enrol
      </button>
      <Modal open={open} onClose={() => setOpen(false)}>
        <label>
          Note <input name="note" />
        </label>
        <button type="button" onClick={ask}>
          Export
        </button>
        <output>{result}</output>
      </Modal>
    </>
  )
}

const gate = (
  <StileProvider client={stile} dialog={false} labels={{ 'reports.export': 'Export reports' }}>
    <StepUpGate feature="reports.export">The export.</StepUpGate>
  </StileProvider>
)
const frame = <iframe title="The page in a frame" src={location.pathname} width="800" height="700" />
const shown = asked.has('gate') ? gate : asked.has('framed') ? frame : <Page />
createRoot(document.getElementById('app') as HTMLElement).render(shown)
