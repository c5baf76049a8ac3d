export { type ApiKeyDeps, createApiKey } from './api-keys/api-keys.ts'
export { type ProblemMembers, StileError } from './error.ts'
export type {
  CodeMessage,
  DigestMessage,
  MailMessage,
  MailText,
  NoticeMessage,
  OutgoingMail,
  RecoveryMessage,
  Templates as MailTemplates,
} from './messages/message.ts'
export { OptionsError, type OptionsIssue, optionsIssue } from './options/error.ts'
export { createLog } from './options/log.ts'
export {
  type AudienceOptions,
  type ClientOptions,
  type IssuerOptions,
  type Options,
  parseOptions,
  type ServiceOptions,
} from './options/options.ts'
export type { Log } from './options/schema.ts'
export { createService, type Service } from './service.ts'
export type * from './stores/store.ts'
