import { afterEach, beforeEach } from 'vitest'
import type {
  AuthenticatorRecord,
  LicenseRecord,
  LoginClaim,
  NewChange,
  OperationRecord,
  RegistrationRecord,
  SessionKey,
  SessionSeen,
  StepUpRecord,
  Store,
  TotpData,
  WebAuthnData,
} from '../store.ts'

/** The instant at which the stories of the contract begin. */
export const T0 = 1_700_000_000
/** How many callers race in a burst. */
export const BURST = 50
/** How long a session lasts unused, and at the most, in seconds. */
export const IDLE = 600
export const ABSOLUTE = 3600
/** A cursor that no log of a test reaches. */
export const ALL = { cursor: 0, limit: 1000 }

export const ALICE: SessionKey = { subject: 'demo|alice', sid: 'sid-1', jkt: 'jkt-1' }
export const BOB: SessionKey = { subject: 'demo|bob', sid: 'sid-2', jkt: 'jkt-2' }

/** Opens a fresh store before each test and closes it afterwards. */
export function useStore(open: () => Promise<Store>): () => Store {
  let store: Store
  beforeEach(async () => {
    store = await open()
  })
  afterEach(() => store.close())
  return () => store
}

/** Calls at the same time, in one tick. */
export function burst<T>(call: (index: number) => Promise<T>, times: number = BURST): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => call(index)))
}

/** A login that its issuer gave to the key that brings it; what is given replaces that. */
export const login = (over: Partial<LoginClaim> = {}): LoginClaim => ({
  confirmed: true,
  mayOwn: true,
  issuedAt: T0,
  ...over,
})

type SessionTouch = Parameters<Store['sessions']['touch']>[0]

/** Lets the store see a session, as each of its requests does; what is given replaces the usual. */
export const touchSession = (store: Store, given: Pick<SessionTouch, 'key'> & Partial<SessionTouch>): Promise<SessionSeen> =>
  store.sessions.touch({
    account: 'acme',
    now: T0,
    idleSeconds: IDLE,
    absoluteSeconds: ABSOLUTE,
    login: login(),
    active: true,
    ...given,
  })

export const proofsChange = ({ subject, sid }: SessionKey): NewChange => ({ at: T0, type: 'proofs', subject, sid })
export const authenticatorsChange = ({ subject }: SessionKey): NewChange => ({ at: T0, type: 'authenticators', subject })
export const licenseChange = (account: string): NewChange => ({ at: T0, type: 'license', account })

export const stepUp = (id: string, over: Partial<StepUpRecord> = {}): StepUpRecord => ({
  id,
  key: ALICE,
  account: 'acme',
  client: 'web',
  audience: 'https://api.example.com',
  feature: 'reports.export',
  requirement: { level: 'mfa', maxAgeSeconds: 900, methods: ['passkey', 'totp'] },
  createdAt: T0,
  expiresAt: T0 + 300,
  ...over,
})

export const registration = (id: string, over: Partial<RegistrationRecord> = {}): RegistrationRecord => ({
  id,
  key: ALICE,
  method: 'totp',
  secret: 'v1.sealed',
  boundBy: { method: 'login', level: 'session' },
  createdAt: T0,
  expiresAt: T0 + 600,
  ...over,
})

export const operation = (id: string, over: Partial<OperationRecord> = {}): OperationRecord => ({
  id,
  key: ALICE,
  feature: 'stile:authenticators',
  account: 'acme',
  audience: 'https://stile.example.com',
  params: { change: 'remove', id: 'auth_1', name: 'Laptop' },
  digest: `digest of ${id}`,
  salt: 'salt',
  createdAt: T0,
  expiresAt: T0 + 600,
  ...over,
})

export const passkey = (over: Partial<WebAuthnData> = {}): WebAuthnData => ({
  method: 'passkey',
  credentialId: 'credential-1',
  publicKey: 'pQECAyYgASFYIA',
  counter: 7,
  transports: ['internal', 'hybrid'],
  aaguid: '00000000-0000-0000-0000-000000000000',
  backupEligible: true,
  backupState: false,
  ...over,
})

export const totp = (over: Partial<TotpData> = {}): TotpData => ({
  method: 'totp',
  sealedSecret: 'v1.sealed',
  lastStep: 100,
  failures: 0,
  ...over,
})

export const authenticator = (id: string, over: Partial<AuthenticatorRecord> = {}): AuthenticatorRecord => ({
  id,
  subject: ALICE.subject,
  level: 'phr',
  name: 'Laptop',
  createdAt: T0,
  boundBy: { method: 'login', level: 'session' },
  data: passkey(),
  ...over,
})

export const license = (account: string, over: Partial<LicenseRecord> = {}): LicenseRecord => ({
  account,
  id: `lic_${account}`,
  epoch: 1,
  tier: 'pro',
  features: ['reports.schedule'],
  state: 'active',
  stateSince: T0,
  updatedAt: T0,
  ...over,
})

/** Enrols an authenticator for Alice. */
export const enrol = (store: Store, record: AuthenticatorRecord, limit = 10): Promise<boolean> =>
  store.authenticators.create({ record, limit, change: authenticatorsChange(ALICE) })
