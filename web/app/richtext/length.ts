// How long a message is, as the server counts it: in Unicode scalars, without space at its ends.

export const BODY_MAX = 4000

export const lengthOf = (body: string): number => [...body.trim()].length
