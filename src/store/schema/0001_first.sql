-- SPDX-License-Identifier: Apache-2.0
-- The first schema. Ids are 16 bytes, times are microseconds since 1970 (UTC), states and kinds are the numbers that
-- the tables *_names spell out. docs/store.md explains how to read all this.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('fencing_token', 0), ('record_format', 1), ('tokens_version', 0), ('last_number', 0),
  ('last_position', 0);

-- Documents of pipelines, once each.
CREATE TABLE definitions (
  number  INTEGER PRIMARY KEY,
  digest  BLOB NOT NULL UNIQUE,
  name    TEXT NOT NULL,
  n_steps INTEGER NOT NULL,
  source  TEXT NOT NULL
) STRICT;

CREATE TABLE executions (
  number     INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  definition INTEGER NOT NULL,
  pipeline   BLOB,
  revision   INTEGER,
  state      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at   INTEGER,
  initiator  TEXT NOT NULL,
  principal  TEXT,
  origin     TEXT,
  retry_of   BLOB,
  code       TEXT,
  message    TEXT,
  options    TEXT,
  params     TEXT NOT NULL,
  given      TEXT, -- NULL: the same as params
  outputs    TEXT
) STRICT;
CREATE INDEX executions_created ON executions (created_at);
CREATE INDEX executions_state ON executions (state, created_at);
CREATE INDEX executions_pipeline ON executions (pipeline, created_at) WHERE pipeline IS NOT NULL;
CREATE INDEX executions_initiator ON executions (initiator, created_at);
CREATE INDEX executions_live ON executions (created_at) WHERE state < 4;

-- Records, one row for those of one execution in one commit, as a JSON array. See execution_events.
CREATE TABLE journal (
  position       INTEGER PRIMARY KEY,
  execution      INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  n              INTEGER NOT NULL,
  at             INTEGER NOT NULL, -- of the first record
  span           INTEGER NOT NULL, -- from the first record to the last
  records        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX journal_execution ON journal (execution, first_sequence);

-- Lines that actions logged, one row for those of one execution in one commit, as a JSON array. See execution_logs.
CREATE TABLE logs (
  position  INTEGER PRIMARY KEY,
  execution INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  at        INTEGER NOT NULL, -- of the first line
  lines     TEXT NOT NULL
) STRICT;
CREATE INDEX logs_execution ON logs (execution);

-- How many lines a step logged, those beyond the limit of a step (which are not kept) too.
CREATE TABLE log_counts (
  execution INTEGER NOT NULL,
  step      INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (execution, step)
) STRICT, WITHOUT ROWID;

-- How many executions there are in each block of 2048 numbers, by what lists are filtered by. Empty texts and blobs
-- stand for NULL. All that a row ever counted were created between its two times.
CREATE TABLE execution_counts (
  pipeline  BLOB NOT NULL,
  initiator TEXT NOT NULL,
  principal TEXT NOT NULL,
  state     INTEGER NOT NULL,
  block     INTEGER NOT NULL, -- number >> 11
  n         INTEGER NOT NULL,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  PRIMARY KEY (pipeline, initiator, principal, state, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE pipelines (
  number             INTEGER PRIMARY KEY,
  id                 BLOB NOT NULL UNIQUE,
  name               TEXT NOT NULL,
  revision           INTEGER NOT NULL,
  user               BLOB, -- NULL: of the system context
  system_owned       INTEGER NOT NULL,
  created_by         TEXT NOT NULL,
  created_at         INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX pipelines_name ON pipelines (coalesce(user, x''), name);

CREATE TABLE pipeline_revisions (
  pipeline      INTEGER NOT NULL, -- number
  revision      INTEGER NOT NULL,
  name          TEXT NOT NULL,
  description   TEXT,
  icon          TEXT,
  status        INTEGER NOT NULL,
  saved_by      TEXT NOT NULL,
  saved_at      INTEGER NOT NULL,
  restored_from INTEGER,
  n_steps       INTEGER NOT NULL,
  definition    INTEGER NOT NULL,
  PRIMARY KEY (pipeline, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  scope      TEXT NOT NULL,
  key        TEXT NOT NULL,
  body       BLOB NOT NULL,
  subject    BLOB,
  status     INTEGER NOT NULL,
  answer     BLOB,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

CREATE TABLE tokens (
  number     INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  owner      TEXT NOT NULL,
  scopes     INTEGER NOT NULL,
  hash       BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX tokens_name ON tokens (name) WHERE NOT revoked;
