export type { MailMessage, MailText, NoticeContent, NoticeMessage, Templates } from '../messages/message.ts'
export type { NoticeKind } from '../stores/store.ts'
export { writeMail } from './templates.ts'
