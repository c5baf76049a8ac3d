import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { SEALING_KEY_SETTING } from '../secrets/open-secrets.ts'
import { keyIdOf, type SealErrorCode } from '../secrets/seal.ts'
import { type CliContext, CliError } from './context.ts'
import { located, type Where, withStore } from './database.ts'
import { load } from './load.ts'
import type { Unopened } from './reseal.ts'
import { loadSecrets, openStoreSecrets } from './secrets.ts'

/** How long processes that are running may take to hear which secret seals now, in milliseconds: they look twice a second. */
const HEARD_MS = 2_000
/** How many rows lie between two lines of progress. */
const PROGRESS_ROWS = 1_000

const EXAMPLE = `
Example: replace the secret of a service without stopping it.
  1. NEW=$(stile secret)
  2. Start every process, one after the other, with STILE_SECRET=$NEW and STILE_SECRET_PREVIOUS=<the former one>.
     They open both and still seal with the former one.
  3. STILE_SECRET=$NEW STILE_SECRET_PREVIOUS=<the former one> stile secret rotate --database stile.db
     If it is interrupted, run it again.
  4. Start every process without STILE_SECRET_PREVIOUS, and delete the former secret.

Exit codes: 0 everything is sealed with the new secret, 1 something is not, 2 the command was not understood.
`

/** `stile secret`, `stile secret rotate`: a new secret for a service, and its replacement. */
export function addSecretCommand(program: Command, context: CliContext): void {
  const { out, err, random, now } = context
  const secret = program
    .command('secret')
    .description('Make a new secret of 32 random bytes, in base64. Keep it outside the database; whoever has both can read what is sealed.')
    .addHelpText('after', '\nExample: export STILE_SECRET=$(stile secret)')
    .action(() => out(`${Buffer.from(random(32)).toString('base64')}\n`))

  located(secret.command('rotate'))
    .description(
      'Seal everything in the database with STILE_SECRET that is still sealed with a secret of STILE_SECRET_PREVIOUS. Processes that run ' +
        'must have been started with both. It can be run again at any time.',
    )
    .option('--json', 'answer JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (options: Where & { json?: true }) => {
      const given = await loadSecrets(options, context)
      const { reseal } = await load.reseal()
      const keyId = keyIdOf(given.secret)
      const { count, unopened } = await withStore(options, context, async (store) => {
        const { sealer, environment } = await openStoreSecrets(store, given, context)
        const sealing = await store.settings.get(SEALING_KEY_SETTING)
        if (sealing !== keyId) {
          const change = { at: now(), type: 'keys', withdrawn: [] } as const
          await store.sealed.announce({ name: SEALING_KEY_SETTING, value: keyId, change })
          err(`New values are sealed with the new secret (key id ${keyId}) from now on.\n`)
        }
        sealer.sealWith(keyId)
        let told = 0
        const pass = (before: number) =>
          reseal({
            store,
            sealer,
            keyId,
            environment,
            onProgress(done) {
              if (before + done - told < PROGRESS_ROWS) return
              told = before + done
              err(`${told} values are sealed with it …\n`)
            },
          })
        const first = await pass(0)
        if (sealing === keyId && first.count === 0) return first
        // a process that runs may have sealed with the former one until it heard
        await pause(HEARD_MS)
        const second = await pass(first.count)
        return { count: first.count + second.count, unopened: second.unopened }
      })
      if (options.json) out(`${JSON.stringify({ keyId, resealed: count, unopened })}\n`)
      else out(`${count} ${count === 1 ? 'value was' : 'values were'} sealed again, with the secret of key id ${keyId}.\n`)
      if (unopened.length > 0) throw new CliError(inWords(unopened))
      if (!options.json)
        out('Nothing is sealed with another secret any more: the former one can be removed once every process has the new one.\n')
    })
}

const REASONS: Readonly<Record<SealErrorCode, string>> = {
  secret_changed: 'sealed with a secret that was not given: add it to STILE_SECRET_PREVIOUS and run this again',
  malformed: 'no sealed value: restore the row from a backup',
  not_authentic: 'altered, or moved from another row: restore it from a backup',
}

function inWords(unopened: readonly Unopened[]): string {
  const most = 10
  return [
    `${unopened.length} could not be opened and were left as they are. Keep the former secrets until that is settled:`,
    ...unopened.slice(0, most).map(({ kind, id, code }) => `  ${kind} ${id}: ${REASONS[code]}`),
    ...(unopened.length > most ? [`  and ${unopened.length - most} more`] : []),
  ].join('\n')
}
