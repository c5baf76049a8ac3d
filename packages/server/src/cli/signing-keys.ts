import type { Command } from 'commander'
import { type CliContext, CliError } from './context.ts'
import { located, type Where, withStore } from './database.ts'
import { load } from './load.ts'
import { loadSecrets, openStoreSecrets } from './secrets.ts'

const EXAMPLE = `
Examples:
  STILE_SECRET=… stile keys rotate --database stile.db                 # before its time, nobody notices
  STILE_SECRET=… stile keys rotate --compromised --database stile.db   # a signing key has leaked

The keys rotate by themselves every 30 days.
`

/** `stile keys rotate`: the keys that sign tokens. */
export function addRotateCommand(keys: Command, context: CliContext): void {
  const { out, now } = context
  located(keys.command('rotate'))
    .description(
      'Replace the key that signs tokens before its time: a new one is published now and signs in 15 minutes, and the present one counts ' +
        'until its last token has ended. Needs the secret of the service.',
    )
    .option(
      '--compromised',
      'withdraw all signing keys at once: guards refuse within a second what they signed, and pages get new tokens without a prompt',
    )
    .option('--json', 'answer JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (options: Where & { compromised?: true; json?: true }) => {
      const given = await loadSecrets(options, context)
      const { KEY_NOTICE_SECONDS, replaceSigningKeys, rotateSigningKey } = await load.keyring()
      await withStore(options, context, async (store) => {
        const { sealer, environment } = await openStoreSecrets(store, given, context)
        const deps = { store, sealer, environment, now }
        if (options.compromised) {
          const { kid, withdrawn } = await replaceSigningKeys(deps)
          if (options.json) return out(`${JSON.stringify({ kid, withdrawn })}\n`)
          return out(`${withdrawn.length} keys are withdrawn. The key ${kid} signs from now on.\n`)
        }
        const added = await rotateSigningKey(deps)
        if (added === undefined)
          throw new CliError('Another key was published in this very second, so nothing was done. See whether it is yours.')
        const { kid, activeFrom } = added
        if (options.json) return out(`${JSON.stringify({ kid, activeFrom })}\n`)
        out(
          `The key ${kid} is published and signs in ${KEY_NOTICE_SECONDS / 60} minutes, at ${new Date(activeFrom * 1000).toISOString()}.\n`,
        )
      })
    })
}
