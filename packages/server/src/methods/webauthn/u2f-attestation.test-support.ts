import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { ORIGIN, RP_ID } from './authenticator.test-support.ts'

// a certificate made for these tests alone, and its key
const CERTIFICATE =
  'MIICADCCAaegAwIBAgIUdqpn7_FsmPoOjl-mGgBuEZOtpmQwCgYIKoZIzj0EAwIwVTELMAkGA1UEBhMCQUExEDAOBgNVBAoMB0V4YW1wbGUxIjAgBgNVBAsM' +
  'GUF1dGhlbnRpY2F0b3IgQXR0ZXN0YXRpb24xEDAOBgNVBAMMB0V4YW1wbGUwIBcNMjYxMTI0MDczNzAwWhgPMjEyNjEwMzEwNzM3MDBaMFUxCzAJBgNVBAYT' +
  'AkFBMRAwDgYDVQQKDAdFeGFtcGxlMSIwIAYDVQQLDBlBdXRoZW50aWNhdG9yIEF0dGVzdGF0aW9uMRAwDgYDVQQDDAdFeGFtcGxlMFkwEwYHKoZIzj0CAQYI' +
  'KoZIzj0DAQcDQgAEuEceaAPkWpAy5Lo9oXsd6LBDUp4muQsw06qU5-uAIBZSlA16R3ieI6HIiwlHYnvCFZb-i2t_PMUVKmi9BwyDbaNTMFEwHQYDVR0OBBYE' +
  'FDj9e1Lw6cOZC2sY0R-0A28U-g5DMB8GA1UdIwQYMBaAFDj9e1Lw6cOZC2sY0R-0A28U-g5DMA8GA1UdEwEB_wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIg' +
  'Po-1My7XAf-YkuLmlnm4X9lVmNxNBMLtGKl-dF6mA7ACIAST6ugpDHhHWbcKg2huA3R4EeUHlY8BuyDPeKWADakf'
const KEY =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgv8khHRoMXVYfGNl_dRrYl53afEuSYUTHRFylh9Db0RGhRANCAAS4Rx5oA-RakDLkuj2hex3o' +
  'sENSnia5CzDTqpTn64AgFlKUDXpHeJ4jociLCUdie8IVlv6La388xRUqaL0HDINt'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))

/** A `fido-u2f` attestation (WebAuthn L3 §8.6) that is right in every way, for a P-256 credential registered at the usual origin. */
export function u2fAttestation(
  challenge: string,
  credentialId: Uint8Array,
  publicKey: KeyObject,
): { fmt: string; attStmt: Map<string, unknown> } {
  const sha256 = (data: string) => createHash('sha256').update(data).digest()
  const clientData = JSON.stringify({ type: 'webauthn.create', challenge, origin: ORIGIN, crossOrigin: false })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)])
  const signed = Buffer.concat([Buffer.from([0]), sha256(RP_ID), sha256(clientData), credentialId, point])
  const key = createPrivateKey({ key: Buffer.from(bytes(KEY)), format: 'der', type: 'pkcs8' })
  return {
    fmt: 'fido-u2f',
    attStmt: new Map<string, unknown>([
      ['sig', new Uint8Array(sign('sha256', signed, key))],
      ['x5c', [bytes(CERTIFICATE)]],
    ]),
  }
}
