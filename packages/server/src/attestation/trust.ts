import type { AttestationStatus } from '@stile/protocol'
import { type Certificate, readCertificate, readPem } from '../certificates/certificate.ts'
import { anchorOf, isSame } from '../certificates/chain.ts'
import type { Options } from '../options/options.ts'
import type { AuthenticatorRecord, WebAuthnData } from '../stores/store.ts'
import { aaguidIn } from './aaguid.ts'
import type { Metadata } from './metadata-blob.ts'
import type { MetadataSource, MetadataSurroundings } from './metadata-source.ts'

/** The reader of metadata, which brings a library along: loaded if metadata are configured. */
const loadMetadataSource = () => import('./metadata-source.ts')

/** Judges what the makers of security keys vouch for. */
export type AttestationTrust = Readonly<{
  /** What the word of the maker of a security key is worth now; `undefined` for whatever is no security key. */
  judge(record: Pick<AuthenticatorRecord, 'createdAt' | 'data'>): AttestationStatus | undefined
  /** Reads metadata again if that is due; never rejects. */
  refresh(): Promise<void>
}>

/** Judgements that are remembered; about a hundred bytes each. */
const MOST_REMEMBERED = 10_000

type Remembered = Readonly<{ createdAt: number; data: WebAuthnData; status: AttestationStatus }>

/**
 * Opens the trust that the operator has configured; without `webauthn.attestation` nothing is trusted.
 *
 * A judgement is for the metadata of now and the certificates of then: they must have been valid when the key was enrolled, because it was
 * then that they were used. It is remembered until the metadata change, for it is asked at every decision.
 *
 * @throws {OptionsError} for a metadata file that cannot be used
 */
export async function openAttestationTrust(options: Options['webauthn'], surroundings: MetadataSurroundings): Promise<AttestationTrust> {
  const { roots = [], aaguids, metadata } = options.attestation ?? {}
  const anchors = roots.map(readPem).filter((root) => root !== undefined)
  const source = metadata === undefined ? NO_METADATA : await (await loadMetadataSource()).openMetadata(metadata, surroundings)
  const remembered = new Map<string, Remembered>()
  let judgedBy: Metadata | undefined

  return {
    judge({ createdAt, data }) {
      if (data.method !== 'security-key') return undefined
      const current = source.current()
      if (current !== judgedBy) remembered.clear()
      judgedBy = current
      const known = remembered.get(data.credentialId)
      if (known !== undefined && known.createdAt === createdAt && isSameEvidence(known.data, data)) return known.status
      const status = judge({ data, createdAt, anchors, aaguids, metadata: current })
      if (remembered.size >= MOST_REMEMBERED) remembered.clear()
      remembered.set(data.credentialId, { createdAt, data, status })
      return status
    },
    refresh: source.refresh,
  }
}

const NO_METADATA: MetadataSource = { current: () => undefined, refresh: async () => {} }

/** What a judgement rests on. */
type Case = Readonly<{
  data: WebAuthnData
  createdAt: number
  anchors: readonly Certificate[]
  aaguids: readonly string[] | undefined
  metadata: Metadata | undefined
}>

function judge({ data, createdAt: at, anchors, aaguids, metadata }: Case): AttestationStatus {
  const { aaguid, attestation, backupEligible } = data
  if (backupEligible) return 'synced'
  if (attestation === undefined || attestation.certificates.length === 0) return 'none'
  if (anchors.length === 0 && metadata === undefined) return 'untrusted'
  const model = metadata?.models.get(aaguid)
  if (model?.revoked) return 'revoked'
  // without a list, the metadata say which models keep their keys in hardware
  const allowed = aaguids === undefined ? model?.hardware === true : aaguids.includes(aaguid)
  if (isZero(aaguid) || !allowed) return 'not_allowed'
  const certificates = attestation.certificates.map((text) => readCertificate(new Uint8Array(Buffer.from(text, 'base64url'))))
  if (!certificates.every((each) => each !== undefined)) return 'untrusted'
  const anchor = anchorOf({ certificates, anchors: [...(model?.roots ?? []), ...anchors], at })
  return anchor !== undefined && vouchesFor(anchor, certificates[0] as Certificate, aaguid, metadata) ? 'trusted' : 'untrusted'
}

/**
 * Whether what leads to an anchor is of a model and not of another one that the anchor vouches for too: if it has more than one, the
 * certificate itself names the model (WebAuthn L3 §8.2.1).
 */
function vouchesFor(anchor: Certificate, leaf: Certificate, aaguid: string, metadata: Metadata | undefined): boolean {
  if (isSame(anchor, leaf)) return isOnlyOf(anchor, aaguid, metadata)
  if (leaf.x509.ca) return false
  const named = aaguidIn(leaf)
  return named === undefined ? isOnlyOf(anchor, aaguid, metadata) : named === aaguid
}

/** Whether the metadata know an anchor, and for this model alone. The metadata cannot know what a root of the operator signs. */
function isOnlyOf(anchor: Certificate, aaguid: string, metadata: Metadata | undefined): boolean {
  const models = [...(metadata?.models ?? [])].filter(([, { roots }]) => roots.some((root) => isSame(root, anchor))).map(([model]) => model)
  return models.length === 1 && models[0] === aaguid
}

function isZero(aaguid: string): boolean {
  return /^[0-]*$/.test(aaguid)
}

/** Whatever a judgement looks at beside when the key was enrolled. */
function isSameEvidence(a: WebAuthnData, b: WebAuthnData): boolean {
  const [before, after] = [a.attestation?.certificates ?? [], b.attestation?.certificates ?? []]
  const isSameChain = before.length === after.length && before.every((certificate, index) => certificate === after[index])
  return a.aaguid === b.aaguid && a.backupEligible === b.backupEligible && isSameChain
}
