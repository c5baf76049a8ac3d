/** One month of the demo's books, in whole euros. */
export type Month = Readonly<{ month: string; revenue: number; costs: number }>

/** One booked line, in cents. */
export type Line = Readonly<{ date: string; customer: string; item: string; cents: number }>

/** A payment that waits for an approval. */
export type Payout = Readonly<{ id: string; payee: string; amount: string; currency: string; due: string; status: 'waiting' | 'approved' }>

const MONTHS: readonly Month[] = [
  { month: '2026-04', revenue: 84_200, costs: 61_400 },
  { month: '2026-05', revenue: 88_900, costs: 62_100 },
  { month: '2026-06', revenue: 93_400, costs: 65_800 },
  { month: '2026-07', revenue: 91_700, costs: 64_900 },
  { month: '2026-08', revenue: 99_300, costs: 66_200 },
  { month: '2026-09', revenue: 108_600, costs: 69_500 },
]

const LINES: readonly Line[] = [
  { date: '2026-09-03', customer: 'Customer 1042', item: 'Annual plan', cents: 1_188_000 },
  { date: '2026-09-09', customer: 'Customer 2210', item: 'Seats', cents: 240_000 },
  { date: '2026-09-14', customer: 'Customer 0087', item: 'Onboarding', cents: 650_000 },
  { date: '2026-09-21', customer: 'Customer 1530', item: 'Annual plan', cents: 1_188_000 },
  { date: '2026-09-28', customer: 'Customer 1042', item: 'Storage', cents: 84_550 },
]

const PAYOUTS: readonly Payout[] = [
  { id: 'p-3073', payee: 'Payroll, September', amount: '38640.25', currency: 'EUR', due: '2026-09-30', status: 'waiting' },
  { id: 'p-3072', payee: 'Office rent, October', amount: '7250.00', currency: 'EUR', due: '2026-10-01', status: 'waiting' },
  { id: 'p-3071', payee: 'Hosting, September', amount: '4180.00', currency: 'EUR', due: '2026-10-05', status: 'waiting' },
]

const payouts = new Map<string, readonly Payout[]>()

/** The months that every plan sees. */
export function months(): readonly Month[] {
  return MONTHS
}

/** The lines that only the export shows. */
export function lines(): readonly Line[] {
  return LINES
}

/** The export: CSV (RFC 4180) of every line, with the note the user typed. */
export function exportCsv(note: string): string {
  const quote = (text: string) => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`
  const rows = LINES.map(({ date, customer, item, cents }) => [date, quote(customer), quote(item), (cents / 100).toFixed(2)].join(','))
  return [`note,${quote(note)}`, 'date,customer,item,amount', ...rows, ''].join('\r\n')
}

/** The payouts of an account, the soonest due first. */
export function payoutsOf(account: string): readonly Payout[] {
  return payouts.get(account) ?? PAYOUTS
}

/** Approves a payout; `undefined` if the account has none of this id. Approving twice is the same as once. */
export function approve(account: string, id: string): Payout | undefined {
  const approved = payoutsOf(account).map((payout): Payout => (payout.id === id ? { ...payout, status: 'approved' } : payout))
  payouts.set(account, approved)
  return approved.find((payout) => payout.id === id)
}
