/** What a user wrote can't be done; the message says what to write instead. */
export class UsageProblem extends Error {}
