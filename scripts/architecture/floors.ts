/** A floor of the server: what its folders are about, and which they are. */
export type Floor = Readonly<{ name: string; says: string; holds: readonly string[] }>

/** The floors of `packages/server/src`, from the ground up. An import goes down or stays on its floor. */
export const FLOORS: readonly Floor[] = [
  {
    name: 'facts',
    says: 'what is configured and remembered',
    holds: [
      'error.ts',
      'secrets',
      'stores',
      'messages',
      'certificates',
      'options',
      'input',
      'operations',
      'addresses',
      'licenses',
      'api-keys',
    ],
  },
  {
    name: 'evidence',
    says: 'what is proven or observed',
    holds: ['login-providers', 'sessions', 'attestation', 'guesses', 'risk', 'standing', 'methods', 'proofs'],
  },
  { name: 'decisions', says: 'what follows from it', holds: ['tokens', 'decisions'] },
  {
    name: 'actions',
    says: 'what changes the world',
    holds: ['authenticators', 'devices', 'recovery', 'step-ups', 'subjects', 'changes', 'mail'],
  },
  { name: 'doors', says: 'who comes in from outside', holds: ['http', 'cli', 'service.ts', 'index.ts'] },
]

/** The number of the floor that a folder or file of the server stands on; `undefined` if it is not listed. */
export function floorOf(node: string): number | undefined {
  const index = FLOORS.findIndex(({ holds }) => holds.includes(node))
  return index === -1 ? undefined : index
}
