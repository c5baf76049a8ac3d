import { StepUpCancelled } from '@stile/browser'
import { useAuthenticators, useLicense, useRecovery } from '@stile/react'
import { type ReactElement, useRef, useState } from 'react'
import type { Me } from '../../api.ts'
import { sentenceFor } from '../../stile/sentences.ts'
import { AuthenticatorCard } from './authenticator-card.tsx'
import { DevicesSection } from './devices.tsx'
import { RecoverySection } from './recovery.tsx'
import { forgetRecoveryLink, takeRecoveryLink } from './recovery-link.ts'
import { lossOf } from './words.ts'

/** Where people look after the ways they confirm it's them, and get back in when they lost them. */
export function Security({ me }: Readonly<{ me: Me }>): ReactElement {
  const { authenticators, enroll, rename, remove } = useAuthenticators()
  const { recover } = useRecovery()
  const license = useLicense()
  const [problem, setProblem] = useState<string | null>(null)
  const [link, setLink] = useState(takeRecoveryLink)
  const heading = useRef<HTMLHeadingElement>(null)

  const run = async (act: () => Promise<unknown>) => {
    setProblem(null)
    try {
      await act()
    } catch (reason) {
      if (!(reason instanceof StepUpCancelled)) setProblem(sentenceFor(reason))
    }
  }
  const redeem = async (token: string) => {
    if (!(await recover(token))) return
    forgetRecoveryLink()
    setLink(undefined)
  }

  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        Security
      </h1>
      {link !== undefined && (
        <section className="surface stack recover" aria-label="Set up a new way">
          <h2>Set up a new way to confirm it’s you</h2>
          <p>
            You opened a recovery link. It lets you add one new way, and signs you out everywhere else. Not you? Close this page and tell
            your administrator.
          </p>
          <span className="row">
            <button type="button" className="primary" onClick={() => void run(() => redeem(link))}>
              Set it up
            </button>
          </span>
        </section>
      )}
      <p className="lead">The ways you can confirm it’s you. Adding or removing one asks for a proof of its own.</p>
      {license.status === 'loading' && <p role="status">Loading…</p>}
      {license.status === 'error' && (
        <p role="alert" className="problem">
          We could not read them.{' '}
          <button type="button" className="link" onClick={license.retry}>
            Try again
          </button>
        </p>
      )}
      {license.status === 'ready' && authenticators.length === 0 && (
        <p className="surface empty">
          Nothing yet. Your {me.issuer === 'demo' ? 'password' : 'sign-in at Quarterly ID'} is all that protects this account.
        </p>
      )}
      <ul className="cards">
        {authenticators.map((each) => (
          <AuthenticatorCard
            key={each.id}
            authenticator={each}
            loss={lossOf(each, authenticators)}
            onRename={(name) => run(() => rename(each.id, name))}
            onRemove={() =>
              run(async () => {
                await remove(each.id)
                // the card that had the focus is gone
                heading.current?.focus()
              })
            }
          />
        ))}
      </ul>
      <p role="alert" className="problem" hidden={problem === null}>
        {problem}
      </p>
      {license.status === 'ready' && (
        <>
          <button type="button" className="primary" onClick={() => run(enroll)}>
            Add a way to confirm it’s you
          </button>
          <RecoverySection run={run} />
          <DevicesSection run={run} />
        </>
      )}
    </>
  )
}
