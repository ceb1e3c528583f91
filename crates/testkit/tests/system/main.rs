//! The whole system: the real processes of both services on real servers, with clients that hold
//! what the contract says. What a part does by itself is tested beside that part.
//!
//! Every test has a system of its own. Time appears as deadlines and as the length of an outage,
//! never as a wait for something that should have happened by then.

/// For sockets that only listen, however long a busy machine takes: nobody here sends heartbeats.
const PATIENT: (&str, u32) = ("WARREN_WS_HEARTBEAT_MS", 600_000);

mod api_dies;
mod backups;
mod demo;
mod deploys;
mod groups;
mod insistent;
mod ledger;
mod live;
mod load;
mod outages;
mod processes;
mod programs;
mod reader;
mod rolling;
mod seed;
mod sessions;
mod slow_reader;
mod trail;
mod uploads;
mod writers;
mod ws_dies;
