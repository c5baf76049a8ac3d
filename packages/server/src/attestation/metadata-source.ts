import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { SettingsService } from '@simplewebauthn/server'
import { type Certificate, readPem } from '../certificates/certificate.ts'
import { OptionsError, optionsIssue } from '../options/error.ts'
import type { Options } from '../options/options.ts'
import type { SettingStore } from '../stores/store.ts'
import { LONGEST_BLOB, type Metadata, MetadataError, verifyMetadata } from './metadata-blob.ts'

/** Where the metadata come from: see `webauthn.attestation.metadata`. */
export type MetadataOptions = NonNullable<NonNullable<Options['webauthn']['attestation']>['metadata']>

/** What a source needs of its surroundings. */
export type MetadataSurroundings = Readonly<{
  settings: SettingStore
  /** Seconds since the epoch. */
  now: () => number
  log: Options['log']
  fetch: typeof globalThis.fetch
}>

/** Keeps the metadata of models current. */
export type MetadataSource = Readonly<{
  /** The newest metadata; `undefined` if none could be had yet. */
  current(): Metadata | undefined
  /** Reads them again if that is due. Never rejects: what fails is logged, and the former metadata stay. */
  refresh(): Promise<void>
}>

/** How long a download may take, in milliseconds. */
const FETCH_MILLISECONDS = 10_000
/** After a failure it is tried again this soon, in seconds. */
const RETRY_SECONDS = 600
/** Who signs the metadata of the FIDO Alliance. */
const FIDO_SIGNERS: readonly string[] = ['mds.fidoalliance.org', 'mds3.fidoalliance.org']

/**
 * Opens the metadata and reads them once.
 *
 * A file that cannot be used is told at start. An address that does not answer is not: keys count for less until it does, and nobody else
 * is affected.
 *
 * @throws {OptionsError} for a file that is missing, not signed to the root, or older than what was read before
 */
export async function openMetadata(options: MetadataOptions, surroundings: MetadataSurroundings): Promise<MetadataSource> {
  const { settings, now, log, fetch } = surroundings
  const { path, url, refreshSeconds } = options
  const roots = rootsOf(options)
  const signers = options.root === undefined ? FIDO_SIGNERS : undefined
  const pin = pinNameOf(roots)
  let newest: Metadata | undefined
  let nextAt = 0

  async function load(): Promise<void> {
    const blob = path === undefined ? await download(url as string, fetch) : await readBlob(path)
    const found = verifyMetadata({ blob, roots, now: now(), ...(signers && { signers }) })
    const least = Math.max(newest?.no ?? 0, Number(await settings.pin({ name: pin, value: String(found.no) })))
    if (!(found.no >= least)) throw new MetadataError(`have the number ${found.no}, but number ${least} was read before: they are older`)
    if (found.no > least) await settings.set({ name: pin, value: String(found.no) })
    const isNew = newest?.no !== found.no
    newest = found
    const fields = { no: found.no, models: found.models.size, nextUpdate: dateOf(found.nextUpdate) }
    if (isNew) log.info(fields, 'the metadata of authenticators were read')
    if (found.nextUpdate < now())
      log.warn(fields, 'the metadata of authenticators are overdue; they still count, but what was found since is missing')
  }

  async function attempt(): Promise<void> {
    nextAt = now() + Math.min(refreshSeconds, RETRY_SECONDS)
    await load()
    nextAt = now() + refreshSeconds
  }

  const failed = (error: unknown): void => {
    const reason = error instanceof MetadataError ? error.message : 'could not be read'
    const kept = newest === undefined ? 'no model is trusted by them until they can be read' : 'the former ones still count'
    log.error({ source: path ?? url, reason }, `the metadata of authenticators ${reason}; ${kept}`)
  }

  await attempt().catch((error: unknown) => {
    if (path === undefined) return failed(error)
    if (!(error instanceof MetadataError)) throw error
    throw new OptionsError([optionsIssue('webauthn.attestation.metadata.path', `names metadata that ${error.message}`)])
  })
  return {
    current: () => newest,
    async refresh() {
      // what is under way is not due: the next time was set when it began
      if (now() >= nextAt) await attempt().catch(failed)
    },
  }
}

/** The root of the operator, or those that the FIDO Alliance signs under, as the library knows them. */
function rootsOf({ root }: MetadataOptions): readonly Certificate[] {
  const texts = root === undefined ? SettingsService.getRootCertificates({ identifier: 'mds' }) : [root]
  return texts.map(readPem).filter((certificate) => certificate !== undefined)
}

/** Another root is another series of numbers. */
function pinNameOf(roots: readonly Certificate[]): string {
  const hash = createHash('sha256')
  for (const { der } of roots) hash.update(der)
  return `webauthn.metadata.${hash.digest('base64url').slice(0, 22)}`
}

async function readBlob(path: string): Promise<string> {
  const file = await stat(path).catch(() => undefined)
  if (file === undefined) throw new MetadataError('cannot be found')
  if (!file.isFile() || file.size > LONGEST_BLOB) throw new MetadataError(`are not a file of at most ${LONGEST_BLOB} bytes`)
  try {
    return await readFile(path, 'utf8')
  } catch {
    throw new MetadataError('cannot be opened')
  }
}

async function download(url: string, fetch: typeof globalThis.fetch): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_MILLISECONDS), headers: { accept: '*/*' } })
    if (!response.ok) throw new MetadataError(`could not be fetched: the answer was ${response.status}`)
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > LONGEST_BLOB) throw new MetadataError(`are larger than ${LONGEST_BLOB} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString()
  } catch (error) {
    if (error instanceof MetadataError) throw error
    throw new MetadataError('could not be fetched: the server did not answer in time')
  }
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}
