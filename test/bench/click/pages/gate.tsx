import { createStile } from '@stile/browser'
import { StepUpGate, StileProvider } from '@stile/react'
import { type ReactElement, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { SDK } from './measure.ts'

const stile = createStile(SDK)

function Content(): ReactElement {
  const [text, setText] = useState('')
  useEffect(() => {
    const load = async () => setText((await (await stile.fetch('/api/content')).json()).content)
    load()
  }, [])
  return <div id="content">{text}</div>
}

const page = (
  <StileProvider client={stile} labels={{ 'reports.export': 'Export' }}>
    <StepUpGate feature="reports.export">
      <Content />
    </StepUpGate>
  </StileProvider>
)
createRoot(document.querySelector('#root') as Element).render(page)
