//! Groups, who is in them, the ways in, and their channels.

use actix_web::http::Method;
use actix_web::web;
use protocol::conversation::Conversation;
use protocol::group::{
    Ban, CreateChannelRequest, CreateGroupRequest, CreateInviteRequest, Group, Invite,
    InvitePreview, Member, PatchChannelRequest, PatchGroupRequest, PatchMemberRequest,
};
use protocol::limits;
use protocol::problem::Code;
use serde_json::json;

use super::{Endpoint, endpoint, reading};
use crate::openapi::Doc;
use crate::routes::groups::{self, bans, channels, invites, members};
use crate::store::groups::discover::Sort;

const KNOWN: [Code; 2] = [Code::NotFound, Code::Forbidden];

fn group(doc: Doc) -> Doc {
    doc.path_id("id", "The group.").problems(&KNOWN)
}

pub(super) fn groups() -> Vec<Endpoint> {
    let tag = "Groups";
    vec![
        endpoint(
            Method::POST,
            "/v1/groups",
            "create_group",
            || web::post().to(groups::create_group),
            Doc::new(tag, "Make a group with one channel, general")
                .body::<CreateGroupRequest>(json!({
                    "name": "Analytical engines", "visibility": "public", "tags": ["history", "machines"],
                }))
                .answer::<Group>(201, "It is made, and the caller's")
                .answer::<Group>(200, "The caller has made it before")
                .problems(&[Code::Conflict, Code::LimitReached]),
        ),
        endpoint(
            Method::GET,
            "/v1/groups",
            "list_groups",
            || reading().to(groups::list_groups),
            Doc::new(tag, "The caller's groups, in the order in which they came into them")
                .paged()
                .page::<Group>(200, "A page of them"),
        ),
        endpoint(
            Method::GET,
            "/v1/groups/discover",
            "discover_groups",
            || reading().to(groups::discover_groups),
            Doc::new(tag, "Public groups")
                .query_line(
                    "q",
                    "Words that their names, descriptions or tags have, or that begin so.",
                    0..=*limits::NAME_CHARS.end(),
                )
                .query::<Sort>(
                    "sort",
                    "The largest first (`members`, the default), the liveliest (`activity`) or the newest (`new`).",
                )
                .paged()
                .page::<Group>(200, "A page of them"),
        ),
        endpoint(
            Method::GET,
            "/v1/groups/{id}",
            "get_group",
            || reading().to(groups::get_group),
            Doc::new(tag, "One group; its channels are for its members")
                .path_id("id", "The group.")
                .answer::<Group>(200, "As the caller sees it")
                .problems(&[Code::NotFound]),
        ),
        endpoint(
            Method::PATCH,
            "/v1/groups/{id}",
            "patch_group",
            || web::patch().to(groups::patch_group),
            group(Doc::new(tag, "Change a group's own fields"))
                .body::<PatchGroupRequest>(json!({"name": "Difference engines"}))
                .answer::<Group>(200, "As it is now")
                .problems(&[Code::LimitReached]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/groups/{id}",
            "delete_group",
            || web::delete().to(groups::delete_group),
            group(Doc::new(tag, "Delete a group and all that was said in it"))
                .empty(204, "Gone for everyone"),
        ),
    ]
}

pub(super) fn member_routes() -> Vec<Endpoint> {
    let tag = "Group members";
    let user = |doc: Doc| group(doc).path_id("user_id", "Who.");
    vec![
        endpoint(
            Method::POST,
            "/v1/groups/{id}/join",
            "join_group",
            || web::post().to(members::join_group),
            group(Doc::new(tag, "Join a public group"))
                .answer::<Group>(200, "The caller is in it")
                .problems(&[Code::Banned, Code::Conflict, Code::LimitReached]),
        ),
        endpoint(
            Method::POST,
            "/v1/groups/{id}/leave",
            "leave_group",
            || web::post().to(members::leave_group),
            group(Doc::new(
                tag,
                "Leave a group; its owner hands it over first",
            ))
            .empty(204, "The caller is not in it")
            .problems(&[Code::OwnerMustTransfer]),
        ),
        endpoint(
            Method::GET,
            "/v1/groups/{id}/members",
            "list_members",
            || reading().to(members::list_members),
            group(Doc::new(
                tag,
                "Who is in a group, by role, then by how long they have been there",
            ))
            .query_line(
                "q",
                "How their username or display name starts.",
                0..=*limits::NAME_CHARS.end(),
            )
            .paged()
            .page::<Member>(200, "A page of them"),
        ),
        endpoint(
            Method::PATCH,
            "/v1/groups/{id}/members/{user_id}",
            "patch_member",
            || web::patch().to(members::patch_member),
            user(Doc::new(
                tag,
                "Change a member's role; owner hands the group over",
            ))
            .body::<PatchMemberRequest>(json!({"role": "admin"}))
            .answer::<Member>(200, "As they are now")
            .problems(&[Code::OwnerMustTransfer]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/groups/{id}/members/{user_id}",
            "remove_member",
            || web::delete().to(members::remove_member),
            user(Doc::new(
                tag,
                "Remove a member; removing oneself is leaving",
            ))
            .empty(204, "They are not in it")
            .problems(&[Code::OwnerMustTransfer]),
        ),
        endpoint(
            Method::GET,
            "/v1/groups/{id}/bans",
            "list_bans",
            || reading().to(bans::list_bans),
            group(Doc::new(tag, "Who is banned from a group, newest first"))
                .paged()
                .page::<Ban>(200, "A page of them"),
        ),
        endpoint(
            Method::PUT,
            "/v1/groups/{id}/bans/{user_id}",
            "ban_user",
            || web::put().to(bans::ban_user),
            user(Doc::new(tag, "Ban someone, a member or not"))
                .empty(204, "They are not in it and may not come back")
                .problems(&[Code::Invalid]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/groups/{id}/bans/{user_id}",
            "unban_user",
            || web::delete().to(bans::unban_user),
            user(Doc::new(tag, "Lift a ban")).empty(204, "They may come back"),
        ),
    ]
}

pub(super) fn invite_routes() -> Vec<Endpoint> {
    let tag = "Invites";
    let code = |doc: Doc| {
        doc.path::<String>("code", "The invite's secret.")
            .problems(&[Code::NotFound])
    };
    vec![
        endpoint(
            Method::POST,
            "/v1/groups/{id}/invites",
            "create_invite",
            || web::post().to(invites::create_invite),
            group(Doc::new(tag, "Make a way into a group"))
                .body::<CreateInviteRequest>(json!({"expires_in": 86400, "max_uses": 10}))
                .answer::<Invite>(201, "It works")
                .answer::<Invite>(200, "It was made before")
                .problems(&[Code::Conflict, Code::LimitReached]),
        ),
        endpoint(
            Method::GET,
            "/v1/groups/{id}/invites",
            "list_invites",
            || reading().to(invites::list_invites),
            group(Doc::new(tag, "A group's working invites, newest first"))
                .paged()
                .page::<Invite>(200, "A page of them"),
        ),
        endpoint(
            Method::GET,
            "/v1/invites/{code}",
            "preview_invite",
            || reading().to(invites::preview_invite),
            code(Doc::new(tag, "What an invite leads to"))
                .anonymous()
                .answer::<InvitePreview>(200, "The group, as whoever holds the code may know it")
                .problems(&[Code::InviteGone]),
        ),
        endpoint(
            Method::POST,
            "/v1/invites/{code}/accept",
            "accept_invite",
            || web::post().to(invites::accept_invite),
            code(Doc::new(tag, "Join the group that an invite leads to"))
                .answer::<Group>(200, "The caller is in it")
                .problems(&[
                    Code::Banned,
                    Code::Conflict,
                    Code::InviteGone,
                    Code::LimitReached,
                ]),
        ),
        endpoint(
            Method::DELETE,
            "/v1/invites/{code}",
            "delete_invite",
            || web::delete().to(invites::delete_invite),
            code(Doc::new(tag, "End an invite"))
                .empty(204, "It works no more")
                .problems(&[Code::Forbidden]),
        ),
    ]
}

pub(super) fn channel_routes() -> Vec<Endpoint> {
    let tag = "Channels";
    let channel = |doc: Doc| doc.path_id("id", "The channel.").problems(&KNOWN);
    vec![
        endpoint(
            Method::POST,
            "/v1/groups/{id}/channels",
            "create_channel",
            || web::post().to(channels::create_channel),
            group(Doc::new(tag, "Make a channel"))
                .body::<CreateChannelRequest>(
                    json!({"name": "release-planning", "topic": "What is next"}),
                )
                .answer::<Conversation>(201, "It is made")
                .answer::<Conversation>(200, "It was made before")
                .problems(&[Code::Conflict, Code::LimitReached]),
        ),
        endpoint(
            Method::PATCH,
            "/v1/channels/{id}",
            "patch_channel",
            || web::patch().to(channels::patch_channel),
            channel(Doc::new(
                tag,
                "Change a channel's name, topic, category or place",
            ))
            .body::<PatchChannelRequest>(json!({"topic": "What is next", "category": null}))
            .answer::<Conversation>(200, "As it is now"),
        ),
        endpoint(
            Method::DELETE,
            "/v1/channels/{id}",
            "delete_channel",
            || web::delete().to(channels::delete_channel),
            channel(Doc::new(
                tag,
                "Delete a channel and all that was said in it",
            ))
            .empty(204, "Gone for everyone"),
        ),
    ]
}
