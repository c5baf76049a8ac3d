/** The instant at which the stories of the contract begin. */
export const T0 = 1_700_000_000
