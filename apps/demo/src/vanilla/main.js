import { createStile, deviceKey, StepUpCancelled } from '@stile/browser'
import { mountDialog } from '@stile/browser/dialog'

const { service, api } = await (await fetch('/config.json')).json()
const signIn = document.querySelector('#sign-in')
const exporting = document.querySelector('#export')
const result = document.querySelector('#result')
const file = document.querySelector('#file')

const call = (path, body) =>
  fetch(api + path, {
    method: 'POST',
    credentials: 'include',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  })

// the three lines that a page needs: where the service is, how to get a session token, who may get the assurance token
const stile = createStile({
  service,
  session: async ({ jkt }) => (await (await call('/api/session-token', { jkt })).json()).token,
  relogin: { password: async ({ password, jkt }) => (await call('/api/confirm-password', { password, jkt })).ok },
  audiences: { [api]: [api] },
})
let user
mountDialog(stile, {
  user: () => user,
  labels: { 'reports.export': 'Export lines', 'stile:authenticators': 'Manage your passkeys and codes' },
})

exporting.addEventListener('submit', async (event) => {
  event.preventDefault()
  file.hidden = true
  result.textContent = 'Exporting …'
  try {
    const response = await stile.fetch(`${api}/api/exports`, {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ note: new FormData(exporting).get('note') }),
    })
    if (response.ok) {
      file.value = await response.text()
      file.hidden = false
      result.textContent = 'Exported.'
    } else {
      const problem = await response.json()
      result.textContent = problem.detail
    }
  } catch (error) {
    result.textContent =
      error instanceof StepUpCancelled
        ? 'Not confirmed, so nothing was exported.'
        : (error.problem?.detail ?? 'It could not be exported. Try again in a moment.')
  }
})

signIn.addEventListener('submit', async (event) => {
  event.preventDefault()
  const { jkt } = await deviceKey()
  const response = await call('/api/login', { ...Object.fromEntries(new FormData(signIn)), jkt })
  const problem = document.querySelector('#sign-in-error')
  problem.hidden = response.ok
  if (response.ok) location.reload()
  else problem.textContent = (await response.json()).detail
})

document.querySelector('#sign-out').addEventListener('click', async () => {
  await stile.logout().catch(() => {})
  await call('/api/logout')
  location.reload()
})

const me = await fetch(`${api}/api/me`, { credentials: 'include' }).catch(() => null)
if (!me) document.querySelector('.lead').textContent = 'The server cannot be reached. Check your connection and reload the page.'
if (me?.ok) {
  const { name, email } = await me.json()
  document.querySelector('#who').textContent = name
  user = email
}
exporting.hidden = !me?.ok
signIn.hidden = !me || me.ok
