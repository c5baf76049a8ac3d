import type { MailMessage, MailText, Templates } from '../messages/message.ts'
import { escapeHtml, oneLine } from './escape.ts'
import { type Wording, wordingOf } from './wording.ts'

/**
 * Writes a mail as the service sends it, so that it can be shown or tested without sending one. Its subject is one line, no matter who wrote it.
 *
 * @param templates  the words of an operator, as in the option `mail.templates` (default: the built-in ones)
 * @throws {TypeError} if a template answers anything but `{ subject, text, html }`
 */
export function writeMail(message: MailMessage, templates?: Templates): MailText {
  const { subject, text, html } = templates?.(message) ?? builtIn(message)
  if (![subject, text, html].every((each) => typeof each === 'string' && each !== ''))
    throw new TypeError('A template must answer { subject, text, html }, all of them texts.')
  return { subject: oneLine(subject), text, html }
}

function builtIn(message: MailMessage): MailText {
  const wording = wordingOf(message)
  return { subject: wording.subject, text: textOf(wording), html: htmlOf(wording) }
}

function textOf({ heading, said, code, link, otherwise }: Wording): string {
  const body = [...(code === undefined ? [] : [`    ${code}`]), ...said, ...(link === undefined ? [] : [link.url]), otherwise]
  return `${[heading, ...body].join('\n\n')}\n`
}

/** One column, system fonts, readable in light and dark, and nothing that is loaded from anywhere. */
function htmlOf({ language, subject, heading, said, code, link, otherwise }: Wording): string {
  const p = (text: string, style = ''): string => `<p style="margin:0 0 16px;${style}">${text}</p>`
  const body = [
    ...(code === undefined ? [] : [p(escapeHtml(code), 'font:700 32px/1.3 ui-monospace,monospace;letter-spacing:6px')]),
    ...said.map((each) => p(escapeHtml(each))),
    ...(link === undefined ? [] : [p(`<a href="${escapeHtml(link.url)}" style="font-weight:700">${escapeHtml(link.label)}</a>`)]),
    p(escapeHtml(otherwise), 'opacity:.8;font-size:14px'),
  ]
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subject)}</title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">
<div style="max-width:520px;margin:0 auto">
<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">${escapeHtml(heading)}</h1>
${body.join('\n')}
</div>
</body>
</html>
`
}
