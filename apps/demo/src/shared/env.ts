import { join } from 'node:path'

/** Where the parts of the demo are; `pnpm start` sets them, the defaults are what the README names. */
export const env = {
  dataDir: process.env.DEMO_DATA_DIR ?? join(process.cwd(), '.stile/demo'),
  service: process.env.DEMO_SERVICE_URL ?? 'http://localhost:4000',
  admin: process.env.DEMO_ADMIN_URL ?? 'http://127.0.0.1:4010',
  api: process.env.DEMO_API_URL ?? 'http://localhost:4001',
  web: process.env.DEMO_WEB_URL ?? 'http://localhost:5173',
  /** Other origins that show the same pages and share the login, as a back office beside an app does. Default: none. */
  moreWebs: (process.env.DEMO_MORE_WEB_URLS ?? '').split(' ').filter((url) => url !== ''),
  idp: process.env.DEMO_IDP_URL ?? 'http://localhost:4002',
  inbox: process.env.DEMO_INBOX_URL ?? 'http://127.0.0.1:4003',
  smtp: process.env.DEMO_SMTP_URL ?? 'smtp://127.0.0.1:4025',
  guardKey: process.env.DEMO_GUARD_KEY ?? '',
  licensesKey: process.env.DEMO_LICENSES_KEY ?? '',
  inboxKey: process.env.DEMO_INBOX_KEY ?? '',
  /** What the identity provider knows the product by. */
  idpAppSecret: process.env.DEMO_IDP_APP_SECRET ?? '',
  /** What the identity provider knows the verification service by. */
  idpServiceSecret: process.env.DEMO_IDP_SERVICE_SECRET ?? '',
  /** Whether others than the named users can sign in (users.ts says who). Default: they cannot. */
  guests: process.env.DEMO_GUESTS === 'on',
} as const
