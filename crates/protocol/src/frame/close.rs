//! Why a socket is closed.

/// Why a server closed a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The client closed it, and the server agrees.
    Normal = 1000,
    /// The server drains; `draining` came before.
    GoingAway = 1001,
    /// What came is no WebSocket frame (RFC 6455, section 7.4.1).
    ProtocolError = 1002,
    /// A frame over 32 KiB.
    TooBig = 1009,
    /// More than 20 malformed frames.
    Malformed = 4400,
    /// The access token expired.
    TokenExpired = 4401,
    /// The session was revoked.
    SessionEnded = 4403,
    /// Silent for more than 2.5 heartbeats.
    Silent = 4408,
    /// Too many sockets of this user: the oldest goes.
    TooManySockets = 4409,
    /// Frames over the rate limit.
    RateLimited = 4429,
    /// It reads slower than it is sent to.
    SlowReader = 4508,
}

impl CloseCode {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The reason beside it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "closed",
            Self::GoingAway => "draining",
            Self::ProtocolError => "not a WebSocket frame",
            Self::TooBig => "frame too big",
            Self::Malformed => "too many malformed frames",
            Self::TokenExpired => "token expired",
            Self::SessionEnded => "session ended",
            Self::Silent => "silent",
            Self::TooManySockets => "too many sockets",
            Self::RateLimited => "too many frames",
            Self::SlowReader => "reads too slowly",
        }
    }
}
