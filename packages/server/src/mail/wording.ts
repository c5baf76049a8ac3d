import type { CodeMessage, DigestMessage, MailMessage, Notice } from '../messages/message.ts'
import type { NoticeKind } from '../stores/store.ts'
import { oneLine } from './escape.ts'
import { ENGLISH, type MailTexts, type NoticeText, type TextNames } from './texts.ts'

/** What a mail says, before it is text or HTML. Every member is one line of plain text. */
export type Wording = Readonly<{
  /** BCP 47. */
  language: string
  subject: string
  heading: string
  /** A code to type: it comes first. */
  code?: string
  /** What happened or is asked for. */
  said: readonly string[]
  /** A link to open. */
  link?: Readonly<{ label: string; url: string }>
  /** What to do if it was not them. */
  otherwise: string
}>

/** What the built-in mails say. The code and the link stand in the body alone. */
export function wordingOf(message: MailMessage, texts: MailTexts = ENGLISH): Wording {
  const { language } = texts
  const names: TextNames = { product: oneLine(message.product), help: oneLine(message.help), name: oneLine, time: timeInWords }
  if (message.kind === 'code') {
    const { subject, heading, feature, expires, otherwise } = texts.code
    const minutes = Math.floor((message.expiresAt - message.at) / 60)
    const said = [feature(oneLine(message.feature)), ...operationIn(message, texts), expires(minutes)]
    return { language, subject: subject(names), heading, said, code: message.code, otherwise: otherwise(names) }
  }
  if (message.kind === 'recovery') {
    const { subject, heading, said, link, otherwise } = texts.recovery
    const linked = { label: link, url: message.url }
    return {
      language,
      subject: subject(names),
      heading,
      said: said(message.expiresAt, names),
      link: linked,
      otherwise: otherwise(names),
    }
  }
  const otherwise = texts.otherwise(names)
  if (message.kind === 'several_changes') {
    const heading = texts.several.heading(message.data.count, names)
    return { language, subject: heading, heading, said: changesIn(message, texts, names), otherwise }
  }
  const { heading, said } = noticeOf(message, texts, names)
  return { language, subject: heading, heading, said: [...said, texts.happenedAt(message.at, names)], otherwise }
}

function operationIn({ operation = {} }: CodeMessage, { code }: MailTexts): readonly string[] {
  const parameters = Object.entries(operation).map(([name, value]) => `${oneLine(name)}: ${oneLine(String(value))}`)
  return parameters.length === 0 ? [] : [code.operation(parameters.join('; '))]
}

function changesIn({ data: { listed, more } }: DigestMessage, texts: MailTexts, names: TextNames): readonly string[] {
  const kinds = Object.entries(more) as [NoticeKind, number][]
  // what a notice without its data is called is the same for all of its kind
  const others = kinds.map(([kind, count]) => ({ count, heading: texts.notices[kind]({}, names).heading }))
  const lines = listed.map((notice) => `${names.time(notice.at)}: ${toldIn(noticeOf(notice, texts, names))}`)
  return [texts.several.said, ...lines, ...(others.length === 0 ? [] : [texts.several.more(others)])]
}

/** Beside others, what a notice is about is told with what happened. */
function toldIn({ heading, said }: NoticeText): string {
  return [`${heading}.`, ...said].join(' ')
}

function noticeOf<Kind extends NoticeKind>({ kind, data }: Notice<Kind>, { notices }: MailTexts, names: TextNames): NoticeText {
  return notices[kind](data, names)
}

function timeInWords(seconds: number): string {
  const date = new Date(seconds * 1000)
  return `${DAY.format(date)}, ${TIME.format(date)} UTC`
}

const DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' })
const TIME = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit', hour12: false })
