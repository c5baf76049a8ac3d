import type { Device } from '@stile/protocol'
import { useDevices } from '@stile/react'
import { type ReactElement, useState } from 'react'
import { when } from './words.ts'

type DevicesProps = Readonly<{
  /** Runs an action and shows why it did not work. */
  run: (act: () => Promise<unknown>) => Promise<void>
}>

/** Where somebody is signed in, and which browsers are known to be theirs. */
export function DevicesSection({ run }: DevicesProps): ReactElement {
  const { devices, failed, reload, forget } = useDevices()
  return (
    <section className="section" aria-labelledby="devices">
      <h2 id="devices">Your devices</h2>
      {devices === undefined && !failed && <p role="status">Loading…</p>}
      {failed && (
        <p role="alert" className="problem">
          We could not read them.{' '}
          <button type="button" className="link" onClick={() => void reload()}>
            Try again
          </button>
        </p>
      )}
      {devices?.length === 0 && <p className="surface empty">No device is known yet.</p>}
      {devices !== undefined && devices.length > 0 && (
        <ul className="cards">
          {devices.map((each) => (
            <DeviceCard key={each.id} device={each} onForget={() => run(() => forget(each.id))} />
          ))}
        </ul>
      )}
    </section>
  )
}

function DeviceCard({ device, onForget }: Readonly<{ device: Device; onForget: () => Promise<void> }>): ReactElement {
  const { name = 'A browser', firstSeenAt, lastSeenAt, known, current } = device
  const [busy, setBusy] = useState(false)
  const forget = async () => {
    setBusy(true)
    await onForget()
    setBusy(false)
  }
  return (
    <li className="surface authenticator">
      <span>
        <strong>{name}</strong>
        <span className="muted">
          {current ? 'This one. ' : ''}
          {known ? 'Known to be yours.' : 'Not confirmed yet.'}
        </span>
        <span className="muted">
          First seen {when(firstSeenAt)}, last seen {when(lastSeenAt)}.
        </span>
      </span>
      {!current && (
        <button type="button" className="quiet" aria-label={`Sign out and forget ${name}`} disabled={busy} onClick={() => void forget()}>
          Sign out and forget
        </button>
      )}
    </li>
  )
}
