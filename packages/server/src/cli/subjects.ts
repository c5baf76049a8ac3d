import { parseSubject } from '@stile/protocol'
import type { Command } from 'commander'
import { type CliContext, CliError } from './context.ts'
import { located, type Where, withStore } from './database.ts'
import { load } from './load.ts'
import { loadRecoveryOptions } from './recovery-options.ts'

/** `stile subjects show|recover`: what support does for somebody who has lost what they enrolled. */
export function addSubjectsCommand(program: Command, context: CliContext): void {
  const { out, err, now, random } = context
  const subjects = program.command('subjects').description('Look after subjects who have lost what they enrolled.')

  located(subjects.command('show <subject>'))
    .description('Show what a subject has enrolled and can fall back on. A subject is "<issuer id>|<sub>", in quotes.')
    .option('--json', 'answer JSON')
    .addHelpText('after', "\nExample: stile subjects show 'main|ada' --database stile.db")
    .action(async (text: string, options: Where & { json?: true }) => {
      const subject = subjectOf(text)
      const { inWords, summaryOf } = await load.subjectSummary()
      const summary = await withStore(options, context, (store) => summaryOf(store, subject, now()))
      out(options.json ? `${JSON.stringify(summary)}\n` : inWords(summary))
    })

  located(subjects.command('recover <subject>'))
    .description(
      'Send a recovery link to the mail address of a subject. With it and a new sign-in they can add one authenticator; all their other ' +
        'sessions end. It works once, for an hour, and a former link no longer does.',
    )
    .option('--print', 'show the link instead of sending it: only for somebody whom you have verified yourself; their address is told')
    .option('--json', 'answer JSON')
    .addHelpText('after', "\nExample: stile subjects recover 'main|ada' --config stile.config.json")
    .action(async (text: string, options: Where & { print?: true; json?: true }) => {
      const subject = subjectOf(text)
      const settings = await loadRecoveryOptions(options.config, context)
      const { makeRecoveryLink, sendRecoveryLink } = await load.recovery()
      const { timeOf } = await load.subjectSummary()
      const { createMail } = await load.mail()
      const mail = await createMail(settings)
      try {
        await withStore(options, context, async (store) => {
          const domain = { store, now, random, options: settings, ...(mail && { mail }) }
          if (options.print) {
            const link = await makeRecoveryLink(domain, subject)
            if (options.json) out(`${JSON.stringify(link)}\n`)
            else {
              // the link alone on stdout, so that scripts can take it
              err(`Good once, until ${timeOf(link.expiresAt)}. Give it to nobody but the person whom you have verified:\n`)
              out(`${link.url}\n`)
            }
            return
          }
          const sent = await sendRecoveryLink(domain, subject)
          out(
            options.json
              ? `${JSON.stringify(sent)}\n`
              : `A link was sent to ${sent.sentTo}. It is good once, until ${timeOf(sent.expiresAt)}.\n`,
          )
        })
      } finally {
        mail?.close()
      }
    })
}

function subjectOf(text: string): string {
  if (parseSubject(text) !== undefined) return text
  throw new CliError(`That is not a subject. Write "<issuer id>|<sub>" in quotes, such as "main|ada", as tokens have it in "sub".`)
}
