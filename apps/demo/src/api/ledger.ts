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

const payouts = new Map<string, Payout>(
  [
    { id: 'p-3071', payee: 'Hosting, September', amount: '4180.00', currency: 'EUR', due: '2026-10-05', status: 'waiting' as const },
    { id: 'p-3072', payee: 'Office rent, October', amount: '7250.00', currency: 'EUR', due: '2026-10-01', status: 'waiting' as const },
    { id: 'p-3073', payee: 'Payroll, September', amount: '38640.25', currency: 'EUR', due: '2026-09-30', status: 'waiting' as const },
  ].map((payout) => [payout.id, payout]),
)

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

/** Every payout, the soonest due first. */
export function allPayouts(): readonly Payout[] {
  return [...payouts.values()].sort((a, b) => a.due.localeCompare(b.due))
}

/** Approves a payout; `undefined` where there is none. Approving twice is the same as once. */
export function approve(id: string): Payout | undefined {
  const payout = payouts.get(id)
  if (!payout) return undefined
  const approved: Payout = { ...payout, status: 'approved' }
  payouts.set(id, approved)
  return approved
}
