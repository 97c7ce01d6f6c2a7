-- Ids are 16-byte BLOBs, times BIGINT microseconds since 1970, sealed values BLOBs.
-- `INTEGER PRIMARY KEY AUTOINCREMENT`: a place in an order is never given twice.

CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE apps (
    id BLOB NOT NULL PRIMARY KEY,
    organization BLOB NOT NULL,
    platform TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    secrets BLOB NOT NULL, -- sealed
    created_at BIGINT NOT NULL
);

CREATE TABLE connections (
    id BLOB NOT NULL PRIMARY KEY,
    organization BLOB NOT NULL,
    app BLOB NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (app, workspace)
);

CREATE TABLE cabinet (
    connection BLOB NOT NULL,
    entry TEXT NOT NULL,
    value BLOB NOT NULL, -- sealed
    PRIMARY KEY (connection, entry)
) WITHOUT ROWID;

CREATE TABLE authorizations (
    state TEXT NOT NULL PRIMARY KEY,
    app BLOB NOT NULL,
    secret BLOB NOT NULL, -- sealed
    expires_at BIGINT NOT NULL
);

CREATE TABLE channel_syncs (
    id BLOB NOT NULL PRIMARY KEY,
    organization BLOB NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE endpoints (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    channel_sync BLOB NOT NULL REFERENCES channel_syncs (id) ON DELETE CASCADE,
    connection BLOB NOT NULL,
    conversation TEXT NOT NULL,
    name TEXT NOT NULL,
    direction TEXT NOT NULL,
    since BIGINT NOT NULL,
    UNIQUE (connection, conversation)
);
CREATE INDEX endpoints_of_channel_sync ON endpoints (channel_sync);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- Rows are deleted when they are done: the message map recognises what comes again later.
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    connection BLOB NOT NULL,
    conversation TEXT NOT NULL,
    swept BIGINT NOT NULL, -- 1: found by a sweep, goes before the others
    identity TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    payload BLOB NOT NULL, -- sealed
    UNIQUE (connection, conversation, swept, identity)
);

-- How far a conversation's history was compared with what was heard of it.
CREATE TABLE sweeps (
    connection BLOB NOT NULL,
    conversation TEXT NOT NULL,
    checked_until BIGINT NOT NULL,
    recovered BIGINT NOT NULL,
    deaf_since BIGINT,
    PRIMARY KEY (connection, conversation)
) WITHOUT ROWID;

-- Conversations that have another id now: webhooks may still name the old one.
CREATE TABLE moves (
    connection BLOB NOT NULL,
    conversation TEXT NOT NULL,
    moved_to TEXT NOT NULL,
    PRIMARY KEY (connection, conversation)
) WITHOUT ROWID;

-- A conversation's long name is kept once; messages, copies and deliveries hold its number.
-- As the destination of deliveries a conversation is a lane.
CREATE TABLE conversations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    connection BLOB NOT NULL,
    remote TEXT NOT NULL,
    held_until BIGINT,
    delivered BIGINT NOT NULL DEFAULT 0,
    last_delivered_at BIGINT,
    UNIQUE (connection, remote)
);

CREATE TABLE messages (
    id BLOB NOT NULL PRIMARY KEY,
    origin BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    author TEXT,
    thread BLOB,
    posted_at BIGINT NOT NULL
) WITHOUT ROWID;

-- The messages of a conversation in the order in which they were said.
CREATE TABLE said (
    origin BIGINT NOT NULL,
    posted_at BIGINT NOT NULL,
    message BLOB NOT NULL,
    PRIMARY KEY (origin, posted_at, message)
) WITHOUT ROWID;

-- What belongs to `said` and to the counts in `conversations`, and goes there within a second, see
-- `lately.rs`.
CREATE TABLE said_lately (
    place INTEGER PRIMARY KEY,
    origin BIGINT NOT NULL,
    posted_at BIGINT NOT NULL,
    message BLOB NOT NULL
);
CREATE TABLE delivered_lately (
    place INTEGER PRIMARY KEY,
    lane BIGINT NOT NULL,
    at BIGINT NOT NULL
);

-- part: -1 for what is no part of the message any more, but still our own post.
-- says_when: 1: it says when the message was said, and its edits go on saying it.
CREATE TABLE copies (
    conversation BIGINT NOT NULL,
    remote TEXT NOT NULL,
    message BLOB NOT NULL,
    part BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    says_when BIGINT NOT NULL DEFAULT 0,
    -- An edit posted it.
    by_edit BIGINT NOT NULL DEFAULT 0,
    -- Its files, nine bytes each: what the source calls it, as a digest, and whether it came. NULL: none.
    files BLOB,
    -- Most platforms' ids begin with the time: new rows come together, whatever conversation they are of.
    PRIMARY KEY (remote, conversation)
) WITHOUT ROWID;
CREATE INDEX copies_of_message ON copies (message, conversation, part);

CREATE TABLE reactors (
    message BLOB NOT NULL,
    conversation BIGINT NOT NULL,
    remote TEXT NOT NULL,
    account TEXT NOT NULL,
    emoji TEXT NOT NULL,
    present BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (message, conversation, remote, account, emoji)
) WITHOUT ROWID;

-- state: 0 pending, 1 delivered, 2 parked, 3 cancelled.
-- content: NULL once erased. calls: rows in attempts; attempts: those since the last retry that
-- did not succeed.
CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    message BLOB NOT NULL,
    source BIGINT NOT NULL,
    lane BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    state BIGINT NOT NULL,
    reason TEXT,
    attempts BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    happened_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    told BIGINT NOT NULL DEFAULT 0, -- 1: the sender was told that it is not there
    content BLOB -- sealed
);
CREATE INDEX deliveries_pending ON deliveries (lane, seq) WHERE state = 0;
CREATE INDEX deliveries_parked ON deliveries (lane, seq) WHERE state = 2;
CREATE INDEX deliveries_of_message ON deliveries (message);
CREATE INDEX deliveries_told ON deliveries (message) WHERE told = 1;

CREATE TABLE begun (
    lane BIGINT NOT NULL,
    delivery BIGINT NOT NULL,
    part BIGINT NOT NULL,
    content BLOB NOT NULL, -- sealed: fingerprint and file handles
    at BIGINT NOT NULL,
    says_when BIGINT NOT NULL, -- 1: it says when the message was said
    PRIMARY KEY (lane, delivery, part)
) WITHOUT ROWID;

CREATE TABLE attempts (
    delivery BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
) WITHOUT ROWID;

CREATE TABLE drops (
    reason TEXT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE accounts (
    connection BLOB NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    avatar_url TEXT,
    kind TEXT NOT NULL,
    fetched_at BIGINT NOT NULL,
    PRIMARY KEY (connection, id)
) WITHOUT ROWID;
CREATE INDEX accounts_by_email ON accounts (connection, email) WHERE email IS NOT NULL;
