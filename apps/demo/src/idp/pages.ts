/** A piece of text on a page. */
export type Line = Readonly<{ text: string; kind?: 'problem' | 'hint' }>

/** What a page of the identity provider holds. */
export type PageContent = Readonly<{
  body?: readonly Line[]
  /** Written by this file, never from what somebody typed. */
  html?: string
  /** Where the product is. */
  link?: string
}>

/** Makes text harmless inside HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** One page in the demo's look. */
export function page(title: string, { body = [], html = '', link }: PageContent): string {
  const lines = body.map(
    ({ text, kind }) =>
      `<p${kind === undefined ? '' : kind === 'problem' ? ' class="problem" role="alert"' : ' class="hint"'}>${escapeHtml(text)}</p>`,
  )
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escapeHtml(title)} · Quarterly ID</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/style.css" />
  </head>
  <body>
    <main>
      <span class="brand"><img src="/icon.svg" alt="" width="40" height="40" /> Quarterly ID</span>
      <div class="surface">
        <h1>${escapeHtml(title)}</h1>
        ${lines.join('\n        ')}
        ${html}
        ${link === undefined ? '' : `<a class="button quiet" href="${escapeHtml(link)}">Go to Quarterly</a>`}
      </div>
      <p class="hint">The demo’s identity provider: it stands for Okta, Entra ID, Keycloak or whatever your users sign in with.</p>
    </main>
  </body>
</html>
`
}

/** The form for user name and password. */
export function passwordForm(uid: string, user: string): string {
  return `<form method="post" action="/sign-in/${uid}/password">
          <label>User name <input name="user" value="${escapeHtml(user)}" autocomplete="username" autocapitalize="none" required${user === '' ? ' autofocus' : ''} /></label>
          <label>Password <input name="password" type="password" autocomplete="current-password" required${user === '' ? '' : ' autofocus'} /></label>
          <button type="submit">Continue</button>
        </form>
        ${cancelForm(uid)}`
}

/** The form for the second step. */
export function phoneForm(uid: string): string {
  return `<form method="post" action="/sign-in/${uid}/phone">
          <label>Code from your phone <input name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 ]*" required autofocus /></label>
          <button type="submit">Continue</button>
        </form>
        ${cancelForm(uid)}`
}

/** The button that confirms signing out, for the form that the provider makes; pressed by itself if there is no need to ask. */
export function signOutForm(form: string, byItself: boolean): string {
  const script = byItself ? '<script src="/continue.js" defer></script>' : ''
  return `${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>${script}`
}

function cancelForm(uid: string): string {
  return `<form method="post" action="/sign-in/${uid}/cancel"><button type="submit" class="quiet">Cancel</button></form>`
}
