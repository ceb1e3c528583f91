/**
 * What the connection is doing.
 *
 * `catching-up`: connected, and what was missed is being fetched. `offline`: the device has no
 * network. `stopped`: it will not be tried again by itself (`reason` says why).
 */
export type ConnectionStatus =
  'idle' | 'connecting' | 'catching-up' | 'online' | 'waiting' | 'offline' | 'stopped'

/** `too-many-sockets`: 4409. `fault`: the server no longer takes what this client says. */
export type StopReason = 'too-many-sockets' | 'session-ended' | 'fault'
