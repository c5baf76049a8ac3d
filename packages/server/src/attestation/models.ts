/**
 * What people call the makers of passkeys and the models of security keys, by AAGUID. The names are facts of the public list of passkey
 * providers (github.com/passkeydeveloper/passkey-authenticator-aaguids) and of Yubico's list of its AAGUIDs, shortened.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'iCloud Keychain': ['fbfc3007-154e-4ecc-8c0b-6e020557d7bd', 'dd4ec289-e01d-41c9-bb89-70fa845d4bf2'],
  'Google Password Manager': ['ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4'],
  'Windows Hello': ['08987058-cadc-4b81-b6e1-30de50dcbe96', '9ddd1817-af5a-4672-a2b9-3e3dd95000a9', '6028b017-b1d4-4c02-b4b3-afcdafc96bb2'],
  'Samsung Pass': ['53414d53-554e-4700-0000-000000000000'],
  'Chrome on Mac': ['adce0002-35bc-c60a-648b-0b25f1f05503'],
  'Edge on Mac': ['771b48fd-d3d4-4f74-9232-fc157ab0507a'],
  'Chromium browser': ['b5397666-4885-aa6b-cebf-e52262a439a2'],
  '1Password': ['bada5566-a7aa-401f-bd96-45619a55120d'],
  AliasVault: ['a11a5faa-9f32-4b8c-8c5d-2f7d13e8c942'],
  Bitwarden: ['d548826e-79b4-db40-a3d8-11116f7e8349'],
  Dashlane: ['531126d6-e717-415c-9320-3d9aa6981239'],
  Enpass: ['f3809540-7f14-49c1-a8b3-8f813b225541'],
  KeePassXC: ['fdb141b2-5d84-443e-8a35-4698c205a502'],
  Keeper: ['0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6'],
  LastPass: ['b78a0a55-6ef8-d246-a042-ba0f6d55050c'],
  NordPass: ['b84e4048-15dc-4dd0-8640-f4f60813c8af'],
  'Proton Pass': ['50726f74-6f6e-5061-7373-50726f746f6e'],
  'YubiKey 5': ['cb69481e-8ff7-4039-93ec-0a2729a154a8', 'ee882879-721c-4913-9775-3dfcce97072a'],
  'YubiKey 5 NFC': ['fa2b99dc-9e39-4257-8f92-4a30d23c4118', '2fc0579f-8113-47ea-b116-bb5a8db9202a'],
  'YubiKey 5Ci': ['c5ef55ff-ad9a-4b9f-b580-adebafe026d0'],
  'YubiKey 5 FIPS': ['73bb0cd4-e502-49b8-9c6f-b59445bf720b'],
  'YubiKey 5 NFC FIPS': ['c1f9a0bc-1dd2-404a-b27f-8e29047a43fd'],
  'YubiKey 5Ci FIPS': ['85203421-48f9-4355-9bc8-8a53846e5083'],
  'Security Key by Yubico': ['b92c3f9a-c014-4056-887f-140a2501163b'],
  'Security Key NFC by Yubico': ['6d44ba9b-f6ec-2e49-b930-0c8fe920cb73'],
  'Titan Security Key': ['42b4fb4a-2866-43b2-9bf7-6c6669c2e5d3'],
}

const BY_AAGUID: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).flatMap(([name, aaguids]) => aaguids.map((aaguid) => [aaguid, name] as const)),
)

/**
 * What to call an authenticator by its AAGUID, in lower case with hyphens; `undefined` for one that is not known, and for the AAGUID of
 * zeros, which says nothing. It is a label and decides nothing: without attestation anybody can claim any AAGUID.
 */
export function modelName(aaguid: string): string | undefined {
  return BY_AAGUID.get(aaguid)
}
