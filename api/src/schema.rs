//! The tables that Diesel's query builder is used on; `tests/migrations.rs` holds them against the
//! migrations. The hot paths are SQL (`store/sql.rs`) and need no entry here.

diesel::table! {
    users (id) {
        id -> Uuid,
        username -> Text,
        display_name -> Text,
        about -> Text,
        password_hash -> Nullable<Text>,
        hide_presence -> Bool,
        hide_read_receipts -> Bool,
        account_rev -> Int8,
        created_at -> Timestamptz,
        last_seen_at -> Nullable<Timestamptz>,
        disabled_at -> Nullable<Timestamptz>,
        deleted_at -> Nullable<Timestamptz>,
        avatar_key -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        device -> Nullable<Text>,
        ip -> Nullable<Text>,
        cookie -> Bool,
        generation -> Int8,
        generation_at -> Timestamptz,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    blocks (blocker_id, blocked_id) {
        blocker_id -> Uuid,
        blocked_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    contacts (owner_id, user_id) {
        owner_id -> Uuid,
        user_id -> Uuid,
        alias -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    friendships (low_id, high_id) {
        low_id -> Uuid,
        high_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(users, sessions, blocks);
