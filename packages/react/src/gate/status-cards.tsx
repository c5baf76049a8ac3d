import type { ReactElement } from 'react'
import { useStileContext } from '../provider/context.ts'
import { Card } from './card.tsx'

/** Says that access is being checked; never flashes a paywall at someone who has paid. */
export function LoadingCard(): ReactElement {
  const { texts } = useStileContext()
  return (
    <p role="status" data-stile-loading="">
      {texts.loading}
    </p>
  )
}

/** Says that access could not be checked, and tries again on a click. */
export function ErrorCard({ retry }: Readonly<{ retry: () => void }>): ReactElement {
  const { texts } = useStileContext()
  return (
    <Card kind="error" title={texts.errorTitle} body={texts.errorBody} action={{ label: texts.retryButton, busy: false, run: retry }} />
  )
}
