import type { Device } from '@stile/protocol'
import { noticeFor } from '../addresses/notice-for.ts'
import { admit } from '../authenticators/admit.ts'
import { StileError } from '../error.ts'
import { namedSubject } from '../input/name.ts'
import type { Caller } from '../sessions/caller.ts'
import { revocation, signOutOf } from '../sessions/end-sessions.ts'
import type { DeviceRecord } from '../stores/store.ts'
import type { Domain } from '../tokens/domain.ts'

/** The most devices that are listed. */
const MOST_LISTED = 100

/** A device in a list of somebody who is not on any of them. */
export type ListedDevice = Omit<Device, 'current'>

/** Notes what the device of a caller calls itself. */
export async function seeDevice({ store, now }: Domain, { subject, jkt, actor }: Caller, name: string | undefined): Promise<void> {
  if (actor === undefined) await store.devices.see({ subject, jkt, now: now(), ...(name !== undefined && { name }) })
}

/**
 * The devices of a subject: this one, those that are known, those that somebody has signed in on, those that have proven anything, then all
 * others; of each kind those seen last first. Someone who acts for a subject sees none.
 */
export async function listDevices(
  { store, now }: Domain,
  { subject, jkt, actor }: Caller,
): Promise<Readonly<{ devices: readonly Device[] }>> {
  if (actor !== undefined) return { devices: [] }
  const devices = await store.devices.list({ subject, now: now() })
  return { devices: mostTrusted(devices, jkt).map((each) => ({ ...listedDevice(each), current: each.jkt === jkt })) }
}

/**
 * Forgets a device: it is no longer known, and its sessions end. What it can prove counts again only after a proof on it.
 *
 * A device can sign itself out, as `logout()` does and of no less; another one takes a proof like the removal of an authenticator. A device that
 * shares the session of the caller, such as this browser with its former key, is out of it until a later login is given to it; the session goes
 * on here, and on others.
 *
 * @throws {StileError} `not_found`, `insufficient_user_authentication` with the operation, `denied`
 */
export async function forgetDevice(domain: Domain, caller: Caller, id: string): Promise<void> {
  const { subject, sid, jkt, actor } = caller
  if (actor !== undefined) throw unknownDevice()
  const named = await namedDevice(domain, { subject, id })
  const isOwn = id === jkt
  const { operation } = isOwn ? {} : await admit(domain, caller, { change: 'forget', id, ...named })
  const notices = await noticeFor(domain, caller, 'device_forgotten', named)
  const now = domain.now()
  const forgotten = await domain.store.devices.forget({
    subject,
    jkt: id,
    now,
    change: revocation({ subject, at: now }),
    notices,
    ...(isOwn ? { signedOut: { ...signOutOf(caller, now), confirmed: caller.confirmed === true } } : { except: { sid, jkt } }),
    ...(operation && { operation }),
  })
  // another call has used the operation, and so has forgotten it
  if (!forgotten) throw unknownDevice()
}

/** The devices of a subject as support sees them, in the order of {@link listDevices}. */
export async function devicesOf({ store, now }: Pick<Domain, 'store' | 'now'>, subject: string): Promise<readonly ListedDevice[]> {
  const devices = await store.devices.list({ subject, now: now() })
  return mostTrusted(devices).map(listedDevice)
}

/**
 * Forgets a device for an administrator, without a proof: one that was lost. All its sessions end, and the subject is told.
 *
 * @throws {StileError} `invalid_request`, `not_found`
 */
export async function forgetForAdmin(domain: Domain, text: string, id: string): Promise<void> {
  const subject = namedSubject(domain, text)
  const notices = await noticeFor(domain, subject, 'device_forgotten', await namedDevice(domain, { subject, id }))
  const now = domain.now()
  await domain.store.devices.forget({ subject, jkt: id, now, change: revocation({ subject, at: now }), notices })
}

/** What a device calls itself, if it is one of the subject's. */
async function namedDevice(
  { store, now }: Pick<Domain, 'store' | 'now'>,
  { subject, id }: Readonly<{ subject: string; id: string }>,
): Promise<Readonly<{ name?: string }>> {
  const device = (await store.devices.list({ subject, now: now() })).find(({ jkt }) => jkt === id)
  if (device === undefined) throw unknownDevice()
  return device.name === undefined ? {} : { name: device.name }
}

/** As many as are listed: keys without end that somebody makes with a stolen session token push none of the subject's own out. */
function mostTrusted(devices: readonly DeviceRecord[], current?: string): readonly DeviceRecord[] {
  const rankOf = ({ jkt, known, signedIn, proven }: DeviceRecord) => (jkt === current ? 0 : known ? 1 : signedIn ? 2 : proven ? 3 : 4)
  return devices.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, MOST_LISTED)
}

function listedDevice({ jkt, name, firstSeenAt, lastSeenAt, known }: DeviceRecord): ListedDevice {
  return { id: jkt, ...(name !== undefined && { name }), firstSeenAt, lastSeenAt, known }
}

function unknownDevice(): StileError {
  return new StileError('not_found', 'There is no such device. Read the list again.')
}
