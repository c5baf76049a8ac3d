import { useRecovery } from '@stile/react'
import type { ReactElement } from 'react'
import { when } from './words.ts'

type RecoveryProps = Readonly<{
  /** Runs an action and shows why it did not work. */
  run: (act: () => Promise<unknown>) => Promise<void>
}>

/** What helps when everything else is lost: ten codes, and the way in with one of them. */
export function RecoverySection({ run }: RecoveryProps): ReactElement {
  const { status, makeCodes, recover } = useRecovery()
  return (
    <section className="section">
      <h2>Recovery</h2>
      <div className="surface stack">
        <p>
          {status === undefined ? 'Loading…' : <CodesLeft left={status.codesLeft} madeAt={status.codesMadeAt} />}{' '}
          {status?.email && <>Notices of every change go to {status.email.hint}.</>}
        </p>
        <span className="row">
          <button type="button" className="quiet" onClick={() => void run(makeCodes)}>
            {status?.codesMadeAt === undefined ? 'Make recovery codes' : 'Make new recovery codes'}
          </button>
          <button type="button" className="link" onClick={() => void run(() => recover())}>
            Lost access to all of them?
          </button>
        </span>
      </div>
    </section>
  )
}

function CodesLeft({ left, madeAt }: Readonly<{ left: number; madeAt: number | undefined }>): ReactElement {
  if (madeAt === undefined) return <>You have no recovery codes. Make ten and keep them on paper, apart from your devices.</>
  const codes = left === 1 ? '1 recovery code' : `${left} recovery codes`
  return (
    <>
      You have {codes} left, made {when(madeAt)}.
    </>
  )
}
