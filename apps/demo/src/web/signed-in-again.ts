import { createStile, StileError } from '@stile/browser'
import { completeRelogin, leftPage } from '@stile/browser/relogin'
import { createApi } from './api.ts'

// the page that the identity provider comes back to: it hands the answer to the service, then goes where it came from

const SENTENCES: Readonly<Record<string, string>> = {
  login_refused: 'You did not sign in. Nothing has changed.',
  login_other_user: 'You signed in as somebody else. Sign in as the one who asked.',
  login_too_old: 'That sign-in was not fresh. Sign in again.',
  step_up_expired: 'That took too long. Start again.',
  session_ended: 'Your session has ended. Sign in to Quarterly again.',
}

function say(title: string, text: string): void {
  document.title = `${title} · Quarterly`
  for (const [id, value] of Object.entries({ title, text })) {
    const element = document.getElementById(id)
    if (element) element.textContent = value
  }
  const back = document.querySelector<HTMLAnchorElement>('#back')
  if (!back) return
  // a window of its own is closed; if the page itself went to the identity provider, there is one to go back to
  back.href = leftPage() ?? '/'
  back.hidden = false
  if (!window.opener) return
  back.textContent = 'Close this window'
  back.addEventListener('click', (event) => {
    event.preventDefault()
    close()
  })
}

try {
  const { service, api: url } = (await (await fetch('/config.json')).json()) as { service: string; api: string }
  const api = createApi(url)
  const stile = createStile({ service, session: api.sessionToken, audiences: { [url]: [url] } })
  await completeRelogin(stile)
  say('Signed in again', 'You can close this window and go on where you were.')
} catch (error) {
  const known = error instanceof StileError ? error : undefined
  const reason = SENTENCES[known?.problem?.failure ?? ''] ?? SENTENCES[known?.code ?? '']
  say('That did not work', reason ?? known?.problem?.detail ?? 'We could not confirm your sign-in. Go back and try again.')
}
