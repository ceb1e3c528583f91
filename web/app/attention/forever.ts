/** Until somebody changes it: later than any of us. RFC 3339, as a mute's end is told to the server. */
export const FOREVER = '9999-12-31T00:00:00.000Z'
