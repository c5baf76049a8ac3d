import { createStile } from '@stile/browser'
import { mountDialog } from '@stile/browser/dialog'
import { SDK, showButton } from './measure.ts'

const stile = createStile(SDK)
mountDialog(stile, { labels: { 'reports.export': 'Export' } })
if (new URLSearchParams(location.search).has('followed')) stile.subscribe(() => {})
showButton(() => stile.fetch('/api/content'))
