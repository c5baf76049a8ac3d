/** The server of `smtp://user:password@host:port` or `smtps://…`. */
export function readSmtpUrl(
  text: string,
): Readonly<{ host: string; port: number; secure: boolean; auth?: { user: string; pass: string } }> {
  const { protocol, hostname, port, username, password } = new URL(text)
  const secure = protocol === 'smtps:'
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  }
}

/** Whether a text is the URL of a mail server, with nothing in it that would be silently without effect. */
export function isSmtpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text)
  if (!/^smtps?:$/.test(protocol) || hostname === '' || !['', '/'].includes(pathname) || search !== '' || hash !== '') return false
  try {
    return [username, password].every((each) => typeof decodeURIComponent(each) === 'string')
  } catch {
    return false
  }
}
