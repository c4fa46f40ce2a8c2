//! The tables as Diesel sees them, the same on both databases (compared with them by a test).
//!
//! `records_search` is missing on purpose: it is a full-text table on SQLite and a table of postings on PostgreSQL,
//! and only `records::query::search` speaks to it.

#![allow(missing_docs)]

diesel::table! {
    registers (name) {
        name -> Text,
    }
}

diesel::table! {
    records (pos) {
        pos -> BigInt,
        id -> Text,
        register -> Text,
        number -> Text,
        number_key -> Nullable<Text>,
        title -> Text,
        received_on -> Date,
        closed_on -> Nullable<Date>,
        status -> Text,
        responsible -> Nullable<Text>,
        kind -> Nullable<Text>,
        requester -> Nullable<Text>,
        area -> Nullable<Text>,
        channel -> Nullable<Text>,
        filing -> Nullable<Text>,
        role -> Nullable<Text>,
        medium -> Nullable<Text>,
        organisation -> Nullable<Text>,
        organisation_key -> Nullable<Text>,
        due_on -> Nullable<Date>,
        published -> Bool,
        external_system -> Nullable<Text>,
        external_id -> Nullable<Text>,
        external_given -> Nullable<Text>,
        external_version -> Nullable<BigInt>,
        external_url -> Nullable<Text>,
        details -> Text,
        personal -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        revision -> BigInt,
        title_key -> Text,
    }
}

diesel::table! {
    history (record_id, revision) {
        record_id -> Text,
        revision -> BigInt,
        register -> Text,
        action -> Text,
        at -> Timestamp,
        actor -> Text,
        actor_kind -> Text,
        actor_issuer -> Nullable<Text>,
        actor_client -> Nullable<Text>,
        request_id -> Text,
        changes -> Text,
        value_salt -> Nullable<Text>,
        personal -> Nullable<Text>,
        salt -> Nullable<Text>,
        personal_digest -> Nullable<Text>,
    }
}

diesel::table! {
    changes (seq) {
        seq -> BigInt,
        record_id -> Text,
        revision -> BigInt,
        register -> Text,
        number -> Text,
        action -> Text,
        at -> Timestamp,
        trace -> Nullable<Text>,
    }
}

diesel::table! {
    cube (period, register, kind, requester, area, channel, filing, role, medium, status, responsible) {
        period -> Integer,
        register -> Text,
        kind -> Text,
        requester -> Text,
        area -> Text,
        channel -> Text,
        filing -> Text,
        role -> Text,
        medium -> Text,
        status -> Text,
        responsible -> Text,
        received -> BigInt,
        closed -> BigInt,
        days -> BigInt,
        settled -> BigInt,
    }
}

diesel::table! {
    own_cells (period, register, kind, requester, area, channel, filing, role, medium) {
        period -> Integer,
        register -> Text,
        kind -> Text,
        requester -> Text,
        area -> Text,
        channel -> Text,
        filing -> Text,
        role -> Text,
        medium -> Text,
        counts -> Text,
    }
}

diesel::table! {
    own_sets (number, dimensions) {
        number -> Text,
        dimensions -> Text,
    }
}

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    published (layout, year, version) {
        layout -> Text,
        year -> Integer,
        version -> BigInt,
        figures -> Text,
        developments -> Text,
        lines -> Text,
        provisional -> Bool,
        published_on -> Date,
        source -> Nullable<Text>,
        from_live -> Bool,
        seq -> BigInt,
        actor -> Text,
        request_id -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    year_figures (kind, year) {
        kind -> Text,
        year -> Integer,
        body -> Text,
        actor -> Text,
        request_id -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    entered_figures (layout, year, version) {
        layout -> Text,
        year -> Integer,
        version -> BigInt,
        figures -> Text,
        actor -> Text,
        request_id -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    audit_trail (seq) {
        seq -> BigInt,
        at -> Timestamp,
        actor -> Text,
        actor_kind -> Text,
        actor_issuer -> Nullable<Text>,
        actor_client -> Nullable<Text>,
        request_id -> Text,
        kind -> Text,
        action -> Text,
        subject -> Text,
        revision -> Nullable<BigInt>,
        digest -> Text,
        hash -> Text,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        name -> Text,
        secret_hash -> Text,
        scopes -> Text,
        registers -> Nullable<Text>,
        created_at -> Timestamp,
        created_by -> Text,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    calendar_feeds (id) {
        id -> Text,
        secret_hash -> Text,
        titles -> Bool,
        responsible -> Text,
        account -> Text,
        client -> Nullable<Text>,
        registers -> Nullable<Text>,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    idempotency (subject, key, step) {
        subject -> Text,
        key -> Text,
        step -> BigInt,
        digest -> Text,
        answer -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Text,
        url -> Text,
        registers -> Text,
        active -> Bool,
        secret -> Text,
        former_secret -> Nullable<Text>,
        former_until -> Nullable<Timestamp>,
        position -> BigInt,
        created_at -> Timestamp,
        created_by -> Text,
        client -> Nullable<Text>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        webhook_id -> Text,
        seq -> BigInt,
        register -> Text,
        record_id -> Text,
        number -> Text,
        action -> Text,
        revision -> BigInt,
        changed_at -> Timestamp,
        state -> Text,
        attempts -> BigInt,
        next_at -> Timestamp,
        last_status -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
        trace -> Nullable<Text>,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        until -> Timestamp,
    }
}

diesel::table! {
    sync_states (system) {
        system -> Text,
        since -> Date,
    }
}

diesel::table! {
    tombstones (register, system, external_id) {
        register -> Text,
        system -> Text,
        external_id -> Text,
        version -> BigInt,
        record_id -> Nullable<Text>,
    }
}

diesel::table! {
    sync_pending (system, external_id) {
        system -> Text,
        external_id -> Text,
    }
}

diesel::table! {
    service_keys (name) {
        name -> Text,
        sealed -> Text,
        made_at -> Timestamp,
    }
}

// In the database of the access log, apart from all others.
diesel::table! {
    access_log (id) {
        id -> BigInt,
        at -> Timestamp,
        subject -> Text,
        actor_kind -> Text,
        actor_issuer -> Nullable<Text>,
        client -> Nullable<Text>,
        register -> Text,
        record_id -> Text,
        properties -> Text,
        operation -> Text,
        purpose -> Nullable<Text>,
        request_id -> Text,
        hash -> Text,
    }
}

// Beside it: where its chain begins and ends.
diesel::table! {
    access_log_ends (name) {
        name -> Text,
        id -> BigInt,
        at -> Timestamp,
        hash -> Text,
    }
}

// In the database of record keys, apart from all others.
diesel::table! {
    record_keys (record_id, key) {
        record_id -> Text,
        key -> Text,
        since -> BigInt,
        sealed -> Nullable<Text>,
        made_at -> Timestamp,
        destroyed_at -> Nullable<Timestamp>,
        retired_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    record_links (source, property, target) {
        source -> Text,
        property -> Text,
        target -> Text,
    }
}

diesel::table! {
    own_keys (register, property, value) {
        register -> Text,
        property -> Text,
        value -> Text,
        record_id -> Text,
    }
}

diesel::table! {
    own_values (name, value, record_id) {
        name -> Text,
        value -> Text,
        record_id -> Text,
    }
}

diesel::table! {
    own_said (record_id) {
        record_id -> Text,
        said -> Text,
    }
}

diesel::table! {
    own_numbers (name, number, record_id) {
        name -> Text,
        number -> BigInt,
        record_id -> Text,
    }
}

diesel::table! {
    own_entered (id) {
        id -> Integer,
        pos -> BigInt,
    }
}

diesel::table! {
    own_held (register, name, value) {
        register -> Text,
        name -> Text,
        value -> Text,
        records -> BigInt,
    }
}

diesel::table! {
    own_new_records (id) {
        id -> Text,
        details -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(records, history);
diesel::allow_tables_to_appear_in_same_query!(records, record_links);
diesel::allow_tables_to_appear_in_same_query!(records, own_keys);
diesel::allow_tables_to_appear_in_same_query!(records, own_values);
diesel::allow_tables_to_appear_in_same_query!(records, own_said);
diesel::allow_tables_to_appear_in_same_query!(records, own_numbers);
diesel::allow_tables_to_appear_in_same_query!(records, own_new_records);
diesel::allow_tables_to_appear_in_same_query!(history, audit_trail);
diesel::allow_tables_to_appear_in_same_query!(history, changes);
diesel::allow_tables_to_appear_in_same_query!(records, audit_trail);
diesel::allow_tables_to_appear_in_same_query!(records, changes);
diesel::allow_tables_to_appear_in_same_query!(deliveries, changes);
diesel::allow_tables_to_appear_in_same_query!(deliveries, webhooks);
