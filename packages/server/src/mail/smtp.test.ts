import { describe, expect, test } from 'vitest'
import { mailbox, needsTls } from './smtp.ts'

describe('threat: mails go over the network in plain text', () => {
  test.each([
    [{ host: 'mail.example.com' }, true],
    // its host is known to nodemailer alone, and is not this machine
    [{ service: 'Outlook365' }, true],
    [{ service: 'Outlook365', host: 'mail.example.com' }, true],
    [{ host: '127.0.0.1' }, false],
    [{ host: 'localhost' }, false],
    [{}, false],
    [{ host: 'mail.example.com', ignoreTLS: true }, false],
  ] as const)('%o needs TLS: %s', (server, needed) => {
    expect(needsTls(server, 'live')).toBe(needed)
  })

  test('a test needs none', () => {
    expect(needsTls({ host: 'mail.example.com' }, 'test')).toBe(false)
  })
})

// the server of the tests refuses dots in a row however they are spelled
test.each([
  ['ada..love@docomo.example', '"ada..love"@docomo.example'],
  ['ada.@docomo.example', '"ada."@docomo.example'],
  ['ada.love+x@example.com', 'ada.love+x@example.com'],
])('the mailbox %s is spelled %s', (address, spelled) => expect(mailbox(address)).toBe(spelled))
