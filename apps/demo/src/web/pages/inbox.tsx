import { type ReactElement, useCallback, useEffect, useState } from 'react'
import type { Api } from '../api.ts'

/** A mail as the API tells of it. */
type Mail = Readonly<{ id: string; from: string; subject: string; receivedAt: number; text: string; html: boolean }>

type Mails = Readonly<{ address: string; mails: readonly Mail[] }>

const REFRESH_MS = 3000
const time = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

/** Stands for the user's mail program: what the service has sent, the newest first. */
export function Inbox({ api }: Readonly<{ api: Api }>): ReactElement {
  const [inbox, setInbox] = useState<Mails | null>(null)
  const [problem, setProblem] = useState<string | null>(null)

  const load = useCallback(async () => {
    const response = await fetch(`${api.url}/api/demo/inbox`, { credentials: 'include' }).catch(() => null)
    const body = await response?.json().catch(() => null)
    if (response?.ok) {
      setInbox(body as Mails)
      setProblem(null)
    } else setProblem((body as { detail?: string } | null)?.detail ?? 'The server cannot be reached right now.')
  }, [api])

  useEffect(() => {
    void load()
    const timer = setInterval(() => document.hidden || void load(), REFRESH_MS)
    return () => clearInterval(timer)
  }, [load])

  return (
    <>
      <h1>Inbox</h1>
      <p className="lead">
        Your mail program, for this demo{inbox && `: what was sent to ${inbox.address}`}. It looks for new mail by itself.
      </p>
      <p role="alert" className="problem" hidden={problem === null}>
        {problem}{' '}
        <button type="button" className="link" onClick={() => void load()}>
          Try again
        </button>
      </p>
      {!inbox && problem === null && <p role="status">Loading…</p>}
      {inbox?.mails.length === 0 && (
        <p className="surface empty">
          No mail yet. A code that you ask for, and a notice of every change on the Security page, will arrive here.
        </p>
      )}
      <ul className="cards">
        {inbox?.mails.map((mail, index) => (
          <li key={mail.id} className="surface mail">
            {/* one is open at a time: the newest, or the one that was chosen */}
            <details name="mails" open={index === 0}>
              <summary>
                <strong>{mail.subject}</strong>
                <span className="muted">
                  {mail.from} · {time.format(new Date(mail.receivedAt * 1000))}
                </span>
              </summary>
              <MailBody api={api} mail={mail} />
            </details>
          </li>
        ))}
      </ul>
    </>
  )
}

function MailBody({ api, mail }: Readonly<{ api: Api; mail: Mail }>): ReactElement {
  const [shown, setShown] = useState<'html' | 'text'>(mail.html ? 'html' : 'text')
  return (
    <div className="stack">
      {mail.html && (
        <fieldset className="segments">
          <legend className="visually-hidden">How to show “{mail.subject}”</legend>
          {(['html', 'text'] as const).map((each) => (
            <label key={each}>
              <input type="radio" name={`as-${mail.id}`} checked={shown === each} onChange={() => setShown(each)} />
              <span>{each === 'html' ? 'As sent' : 'Plain text'}</span>
            </label>
          ))}
        </fieldset>
      )}
      {shown === 'html' ? (
        <iframe
          title={`Mail: ${mail.subject}`}
          className="mail-html"
          loading="lazy"
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          src={`${api.url}/api/demo/inbox/${encodeURIComponent(mail.id)}/html`}
        />
      ) : (
        <MailText text={mail.text} />
      )}
    </div>
  )
}

/** The text of a mail, its addresses as links, as every mail program shows them. */
function MailText({ text }: Readonly<{ text: string }>): ReactElement {
  return (
    <pre className="mail-text">
      {text.split(/(https?:\/\/[^\s<>"]+)/).map((part, index) =>
        index % 2 === 0 ? (
          part
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change their order
          <a key={index} href={part} target="_blank" rel="noreferrer">
            {part}
          </a>
        ),
      )}
    </pre>
  )
}
