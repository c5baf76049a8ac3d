/** The concrete parameters (amount, currency, payee) that a proof can be bound to. */
export type Operation = Readonly<Record<string, string | number | boolean>>
