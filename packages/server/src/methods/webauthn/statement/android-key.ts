import { createHash, verify } from 'node:crypto'
import { type Certificate, EXTENSIONS } from '../../../certificates/certificate.ts'
import { DER, type DerValue, isDer, onlyDer, readAllDer, readDer, smallInteger } from '../../../certificates/der.ts'
import { isKeyOf } from '../public-key.ts'
import { check } from '../refusal.ts'
import type { Attested } from './statement.ts'

/** Tags of Android's AuthorizationList. */
const PURPOSE = 1
const ALL_APPLICATIONS = 600
const ORIGIN = 702
/** KM_PURPOSE_SIGN and KM_ORIGIN_GENERATED. */
const SIGN = 2
const GENERATED = 0

/** The COSE algorithms that Android signs attestations with, ES256 and RS256: both with SHA-256. */
const SIGNED_WITH: readonly unknown[] = [-7, -257]

/** Verifies an Android key attestation (WebAuthn L3 §8.4). Refuses with `attestation_invalid`. */
export function checkAndroidKey({ statement, authenticatorData, publicKey, response }: Attested, [leaf]: readonly Certificate[]): void {
  const signature = statement.get('sig')
  check(leaf !== undefined && signature instanceof Uint8Array && SIGNED_WITH.includes(statement.get('alg')), 'attestation_invalid')
  const clientDataHash = createHash('sha256').update(response.clientDataJSON).digest()
  // step 2: the certificate signed authenticator data and client data
  const { publicKey: key } = leaf.x509
  check(verify('sha256', Buffer.concat([authenticatorData, clientDataHash]), key, signature), 'attestation_invalid')
  // step 3: the key in the certificate is the credential's own
  check(isKeyOf(publicKey, key), 'attestation_invalid')
  // step 4: it was made for this very ceremony
  const described = describedBy(leaf)
  check(described !== undefined && clientDataHash.equals(described.challenge), 'attestation_invalid')
  // step 5: for no application but this, made where it is kept, and to sign; only what the hardware enforces counts
  const { software, hardware } = described
  check(![...software, ...hardware].some(({ tag }) => tag === ALL_APPLICATIONS), 'attestation_invalid')
  check(numbersOf(hardware, ORIGIN).includes(GENERATED) && numbersOf(hardware, PURPOSE).includes(SIGN), 'attestation_invalid')
}

/** Android's KeyDescription: its fifth member is the challenge, the last two say what software and hardware enforce. */
function describedBy({ extensions }: Certificate) {
  const extension = extensions.get(EXTENSIONS.androidKey)
  const content = extension && onlyDer(extension.value, DER.sequence)
  const members = (content && readAllDer(content)) ?? []
  const [challenge, , software, hardware] = members.slice(4)
  if (!isDer(challenge, DER.octetString) || !isDer(software, DER.sequence) || !isDer(hardware, DER.sequence)) return undefined
  const lists = [readAllDer(software.content), readAllDer(hardware.content)] as const
  return lists[0] && lists[1] && { challenge: challenge.content, software: lists[0], hardware: lists[1] }
}

/** The numbers of an explicitly tagged INTEGER or SET OF INTEGER. */
function numbersOf(list: readonly DerValue[], tag: number): readonly (number | undefined)[] {
  const member = list.find((value) => value.tagClass === 2 && value.tag === tag)
  const value = member && readDer(member.content)
  const values = value?.tag === DER.set ? (readAllDer(value.content) ?? []) : [value]
  return values.map((each) => (isDer(each, DER.integer) ? smallInteger(each.content) : undefined))
}
