/** How long a login counts, in seconds: one year. An older one counts as a session of unknown age. */
export const LOGIN_SECONDS = 365 * 86_400

/** The owner of a login is remembered this much longer than the login counts, in seconds. */
export const OWNER_SLACK_SECONDS = 30 * 86_400

/**
 * How long the end of a session is remembered after somebody last came with it, in seconds: longer than a login counts and a session may
 * last, whatever is configured.
 */
export const END_SECONDS = LOGIN_SECONDS + OWNER_SLACK_SECONDS
