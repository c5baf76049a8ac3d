import { type Command, Option } from 'commander'
import { createApiKey } from '../api-keys/api-keys.ts'
import type { ApiKeyRecord, ApiKeyScope } from '../stores/store.ts'
import { type CliContext, CliError } from './context.ts'
import { located, type Where, withStore } from './database.ts'
import { load } from './load.ts'
import { addRotateCommand } from './signing-keys.ts'

const SCOPES: readonly ApiKeyScope[] = ['guard', 'licenses:read', 'licenses:write', 'sessions:write', 'subjects:read', 'subjects:write']

/** `stile keys create|list|revoke`: the API keys of machines; `rotate`: the keys that sign tokens. */
export function addKeysCommand(program: Command, context: CliContext): void {
  const { out, now, random } = context
  const keys = program.command('keys').description('Make, list and revoke the API keys of machines, and rotate the keys that sign tokens.')

  located(keys.command('create'))
    .description('Make a key and show it, once: only its hash is kept.')
    .addOption(new Option('--scope <scope>', 'what the key may do').choices([...SCOPES]).makeOptionMandatory())
    .option('--audience <id>', 'the audience that a key of scope guard is for')
    .option('--name <name>', 'the machine that will use it', 'unnamed')
    .option('--ttl <duration>', 'how long it is valid: a number and s, m, h or d', '90d')
    .option('--json', 'answer JSON')
    .addHelpText('after', '\nExample: stile keys create --scope guard --audience https://api.example.com --name api --database stile.db')
    .action(async (options: Where & { scope: ApiKeyScope; audience?: string; name: string; ttl: string; json?: true }) => {
      const { parseDuration } = await load.policy()
      const ttlSeconds = parseDuration(options.ttl)
      if (ttlSeconds === undefined || ttlSeconds === 0)
        throw new CliError(`"${options.ttl}" is not a duration. Write a number and s, m, h or d, such as 90d.`)
      const { scope, name, audience } = options
      const { key, record } = await withStore(options, { ...context, mayMake: true }, (store) =>
        createApiKey({ store, now, random }, { name, scope, ttlSeconds, ...(audience === undefined ? {} : { audience }) }),
      )
      if (options.json) out(`${JSON.stringify({ key, ...publicKeyRecord(record) })}\n`)
      else {
        // the key alone on stdout, so that scripts can take it
        context.err(`${record.id} (${describe(record)}). The key is not shown again; give it to the machine now:\n`)
        out(`${key}\n`)
      }
    })

  located(keys.command('list'))
    .description('List the keys, without what makes them work.')
    .option('--json', 'answer JSON')
    .addHelpText('after', '\nExample: stile keys list --database stile.db')
    .action(async (options: Where & { json?: true }) => {
      const records = await withStore(options, context, (store) => store.apiKeys.list())
      if (options.json) out(`${JSON.stringify(records.map(publicKeyRecord))}\n`)
      else if (records.length === 0) out('There are no keys. Make one with: stile keys create --help\n')
      else for (const record of records) out(`${record.id}  ${record.name}  ${describe(record)}  ${statusOf(record, now())}\n`)
    })

  located(keys.command('revoke <id>'))
    .description('Revoke a key: it is refused from now on.')
    .addHelpText('after', '\nExample: stile keys revoke key_1a2b3c --database stile.db')
    .action(async (id: string, options: Where) => {
      const revoked = await withStore(options, context, (store) => store.apiKeys.revoke({ id, now: now() }))
      if (!revoked) throw new CliError(`There is no key ${id}. See: stile keys list`)
      out(`${id} is revoked.\n`)
    })

  addRotateCommand(keys, context)
}

function publicKeyRecord({ hash: _hash, ...rest }: ApiKeyRecord): Omit<ApiKeyRecord, 'hash'> {
  return rest
}

function describe({ scope, audience, expiresAt }: ApiKeyRecord): string {
  return `${scope}${audience === undefined ? '' : ` for ${audience}`}, until ${new Date(expiresAt * 1000).toISOString().slice(0, 10)}`
}

function statusOf({ revokedAt, expiresAt }: ApiKeyRecord, now: number): string {
  if (revokedAt !== undefined) return 'revoked'
  return now >= expiresAt ? 'expired' : 'valid'
}
