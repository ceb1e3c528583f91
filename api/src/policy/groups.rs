//! Who may do what in a group: one table, which the handlers ask and which is the page
//! `docs/permissions.md`.

use std::fmt::Write;

use protocol::group::Role;
use protocol::problem::Code;

use crate::error::ApiError;

/// What someone is to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The one it belongs to.
    Owner,
    /// Keeps it in order.
    Admin,
    /// Takes part.
    Member,
    /// Not in it; everyone may know of it.
    PublicStranger,
    /// Not in it, and not to know of it.
    PrivateStranger,
    /// May not come back; everyone may know of it.
    PublicBanned,
    /// May not come back, and is not to know of it.
    PrivateBanned,
}

impl Standing {
    /// Every standing, in the order of the table's columns.
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Admin,
        Self::Member,
        Self::PublicStranger,
        Self::PrivateStranger,
        Self::PublicBanned,
        Self::PrivateBanned,
    ];

    /// Of someone who is in the group.
    #[must_use]
    pub const fn in_it(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }

    /// From what the tables say.
    #[must_use]
    pub const fn of(public: bool, role: Option<Role>, banned: bool) -> Self {
        match (role, banned, public) {
            (Some(role), ..) => Self::in_it(role),
            (None, false, true) => Self::PublicStranger,
            (None, false, false) => Self::PrivateStranger,
            (None, true, true) => Self::PublicBanned,
            (None, true, false) => Self::PrivateBanned,
        }
    }

    /// The head of its column.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::PublicStranger => "stranger, public group",
            Self::PrivateStranger => "stranger, private group",
            Self::PublicBanned => "banned, public group",
            Self::PrivateBanned => "banned, private group",
        }
    }
}

/// What the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They may.
    Yes,
    /// They know of it, and may not.
    Forbidden,
    /// They may not know of it.
    NotFound,
    /// They may not come back.
    Banned,
    /// They hand the group over first.
    HandOver,
    /// They are in it already.
    InIt,
}

impl Answer {
    /// The code of a refusal.
    #[must_use]
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Yes => None,
            Self::Forbidden => Some(Code::Forbidden),
            Self::NotFound => Some(Code::NotFound),
            Self::Banned => Some(Code::Banned),
            Self::HandOver => Some(Code::OwnerMustTransfer),
            Self::InIt => Some(Code::Conflict),
        }
    }
}

const Y: Answer = Answer::Yes;
const F: Answer = Answer::Forbidden;
const N: Answer = Answer::NotFound;
const B: Answer = Answer::Banned;
const H: Answer = Answer::HandOver;
const I: Answer = Answer::InIt;

macro_rules! actions {
    ($($variant:ident $about:literal [$($answer:ident)+])+) => {
        /// Something that is done in or to a group.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {$(
            #[doc = $about]
            $variant,
        )+}

        impl Action {
            /// Every action, in the order of the table's rows.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What is done.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),+ }
            }

            /// What the table says to each standing, in the order of `Standing::ALL`.
            const fn row(self) -> [Answer; Standing::ALL.len()] {
                match self { $(Self::$variant => [$($answer),+]),+ }
            }
        }
    };
}

actions! {
    //                                                owner, admin, member;
    //                                                stranger to a public, to a private group;
    //                                                banned from a public, from a private group
    Read "see the group"                                 [Y Y Y  Y N  Y N]
    UseChannels "read and write in its channels"         [Y Y Y  N N  N N]
    ListMembers "see who is in it"                       [Y Y Y  F N  F N]
    Join "join"                                          [I I I  Y N  B N]
    AcceptInvite "accept an invite"                      [I I I  Y Y  B B]
    Leave "leave"                                        [H Y Y  F N  F N]
    Edit "change name, description, tags or visibility"  [Y Y F  F N  F N]
    Delete "delete the group"                            [Y F F  F N  F N]
    ChangeRole "change a role, or hand the group over"   [Y F F  F N  F N]
    RemoveMember "remove or ban a plain member"          [Y Y F  F N  F N]
    RemoveAdmin "remove or ban an admin"                 [Y F F  F N  F N]
    RemoveOwner "remove or ban the owner"                [H F F  F N  F N]
    BanStranger "ban someone who is not in it"           [Y Y F  F N  F N]
    Unban "lift a ban"                                   [Y Y F  F N  F N]
    ListBans "see who is banned"                         [Y Y F  F N  F N]
    CreateInvite "make an invite"                        [Y Y F  F N  F N]
    ListInvites "see the invites"                        [Y Y F  F N  F N]
    DeleteInvite "delete an invite"                      [Y Y F  F N  F N]
    CreateChannel "make a channel"                       [Y Y F  F N  F N]
    EditChannel "change a channel"                       [Y Y F  N N  N N]
    DeleteChannel "delete a channel"                     [Y Y F  N N  N N]
    DeleteMessage "delete someone else's message"        [Y Y F  N N  N N]
    DeleteGeneral "delete the channel `general`"         [F F F  N N  N N]
}

/// What the table says.
#[must_use]
pub fn answer(standing: Standing, action: Action) -> Answer {
    let places = Standing::ALL.iter().zip(action.row());
    places
        .filter(|(place, _)| **place == standing)
        .map(|(_, answer)| answer)
        .next()
        .unwrap_or(Answer::NotFound)
}

/// May someone of this standing do this?
///
/// # Errors
/// What the table says.
pub fn may(standing: Standing, action: Action) -> Result<(), ApiError> {
    match answer(standing, action) {
        Answer::Yes => Ok(()),
        Answer::NotFound => Err(ApiError::not_found()),
        Answer::Forbidden => Err(ApiError::new(
            Code::Forbidden,
            format!("You may not {}.", action.about()),
        )),
        Answer::Banned => Err(ApiError::new(
            Code::Banned,
            "The group's admins have banned you.",
        )),
        Answer::HandOver => Err(ApiError::new(
            Code::OwnerMustTransfer,
            "The group is yours. Hand it over first.",
        )),
        Answer::InIt => Err(ApiError::new(
            Code::Conflict,
            "You are in the group already.",
        )),
    }
}

/// The table in Markdown, as `docs/permissions.md` has it.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from("| to");
    for standing in Standing::ALL {
        _ = write!(page, " | {}", standing.title());
    }
    page.push_str(" |\n|");
    page.push_str(&" --- |".repeat(Standing::ALL.len() + 1));
    for &action in Action::ALL {
        _ = write!(page, "\n| {}", action.about());
        for answer in action.row() {
            _ = match answer.code() {
                None => write!(page, " | yes"),
                Some(code) => write!(page, " | {} `{code}`", code.status()),
            };
        }
        page.push_str(" |");
    }
    page.push('\n');
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_not_know_of_a_group_learns_of_it_by_an_invite_alone() {
        for standing in [Standing::PrivateStranger, Standing::PrivateBanned] {
            for &action in Action::ALL {
                let hidden = answer(standing, action) == Answer::NotFound;
                assert_eq!(hidden, action != Action::AcceptInvite, "{action:?}");
            }
        }
    }

    #[test]
    fn an_admin_may_do_nothing_that_the_owner_may_not_but_leave() {
        for &action in Action::ALL {
            let [owner, admin, member] = [Standing::Owner, Standing::Admin, Standing::Member]
                .map(|standing| answer(standing, action) == Answer::Yes);
            assert!(owner || !admin || action == Action::Leave, "{action:?}");
            assert!(admin || !member, "{action:?}");
        }
    }

    #[test]
    fn a_role_goes_before_a_ban() {
        let standing = Standing::of(true, Some(Role::Member), true);
        assert_eq!(standing, Standing::Member);
        assert_eq!(Standing::of(false, None, true), Standing::PrivateBanned);
    }
}
