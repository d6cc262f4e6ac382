-- SPDX-License-Identifier: Apache-2.0
-- The first schema. Ids are 16 bytes, times are microseconds since 1970 (UTC), states and kinds are the numbers that
-- the views *_names spell out. docs/store.md explains how to read all this.

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

-- ---------------------------------------------------------------------------------------------------------------------
-- For reading by people: docs/store.md.

CREATE VIEW record_names (number, name) AS VALUES
  (1, 'execution_started'), (2, 'execution_paused'), (3, 'execution_resumed'), (4, 'cancel_requested'),
  (5, 'execution_ended'), (6, 'step_reused'), (7, 'step_started'), (8, 'step_waiting'), (9, 'step_retrying'),
  (10, 'step_progress'), (11, 'step_ended'), (12, 'cleanup_started'), (13, 'cleanup_ended'), (14, 'late');

CREATE VIEW execution_state_names (number, name) AS VALUES
  (1, 'PENDING'), (2, 'RUNNING'), (3, 'PAUSED'), (4, 'COMPLETED'), (5, 'FAILED'), (6, 'CANCELLED'), (7, 'TIMEOUT'),
  (8, 'INTERRUPTED');

CREATE VIEW step_state_names (number, name) AS VALUES
  (1, 'PENDING'), (2, 'RUNNING'), (3, 'WAITING'), (4, 'RETRYING'), (5, 'COMPLETED'), (6, 'FAILED'), (7, 'SKIPPED'),
  (8, 'TIMEOUT'), (9, 'CANCELLED'), (10, 'INTERRUPTED');

CREATE VIEW log_level_names (number, name) AS VALUES (1, 'debug'), (2, 'info'), (3, 'warning'), (4, 'error');

-- Ids as text.
CREATE VIEW execution_ids (execution, id) AS
SELECT number, lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4) || '-' ||
                     substr(hex(id), 17, 4) || '-' || substr(hex(id), 21))
FROM executions;

CREATE VIEW execution_list AS
SELECT e.number AS execution, i.id, d.name,
       (SELECT name FROM execution_state_names WHERE number = e.state) AS state, e.code, e.message,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.created_at / 1000000.0, 'unixepoch') AS created_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.ended_at / 1000000.0, 'unixepoch') AS ended_at,
       (e.ended_at - e.started_at) / 1000000.0 AS seconds,
       e.initiator, e.principal, e.origin, e.revision, e.params, e.outputs
FROM executions e JOIN execution_ids i ON i.execution = e.number
JOIN definitions d ON d.number = e.definition;

CREATE VIEW execution_events AS
WITH plain AS (
  SELECT j.position, j.execution, j.first_sequence + r.key AS sequence, r.value ->> 0 AS kind,
         j.at + (r.value ->> 1) AS at_us,
         CASE json_type(r.value, '$[2]') WHEN 'integer' THEN r.value ->> 2 END AS step_index,
         CASE json_type(r.value, '$[#-1]') WHEN 'object' THEN r.value -> '$[#-1]' ELSE '{}' END AS rest
  FROM journal j, json_each(j.records) r)
SELECT p.position, p.execution, i.id, p.sequence,
       (SELECT name FROM record_names WHERE number = p.kind) AS event,
       strftime('%Y-%m-%dT%H:%M:%fZ', p.at_us / 1000000.0, 'unixepoch') AS at,
       p.step_index, json_extract(d.source, '$.steps[' || p.step_index || '].id') AS step,
       coalesce(p.rest ->> 'a', CASE WHEN p.kind BETWEEN 7 AND 13 THEN 1 END) AS attempt,
       CASE p.kind
         WHEN 5 THEN (SELECT name FROM execution_state_names WHERE number = coalesce(p.rest ->> 'x', 4))
         WHEN 9 THEN (SELECT name FROM step_state_names WHERE number = p.rest ->> 's')
         WHEN 11 THEN (SELECT name FROM step_state_names WHERE number = coalesce(p.rest ->> 's', 5)) END AS state,
       p.rest ->> 'c' AS code, p.rest ->> 'm' AS message, p.rest ->> 'i' AS external_id,
       strftime('%Y-%m-%dT%H:%M:%fZ', (p.at_us + (p.rest ->> 'd')) / 1000000.0, 'unixepoch') AS deadline,
       CASE p.kind WHEN 1 THEN e.params WHEN 5 THEN e.outputs
         ELSE coalesce(p.rest -> 'o', p.rest ->> 'O') END AS data,
       coalesce(p.rest -> 'r', p.rest ->> 'R') AS error
FROM plain p JOIN executions e ON e.number = p.execution JOIN execution_ids i ON i.execution = p.execution
JOIN definitions d ON d.number = e.definition;

-- Steps as their last record left them; those that nothing has happened to yet are not among them.
CREATE VIEW execution_steps AS
SELECT execution, id, step_index, step, max(sequence) AS sequence, at, attempt,
       CASE event WHEN 'step_reused' THEN 'COMPLETED' WHEN 'step_started' THEN 'RUNNING' WHEN 'step_waiting' THEN 'WAITING'
         WHEN 'step_retrying' THEN 'RETRYING' ELSE state END AS state,
       code, message, data, error
FROM execution_events
WHERE event IN ('step_reused', 'step_started', 'step_waiting', 'step_retrying', 'step_ended')
GROUP BY execution, step_index;

CREATE VIEW execution_logs AS
SELECT l.execution, i.id, l.position, t.key AS line,
       strftime('%Y-%m-%dT%H:%M:%fZ', (l.at + (t.value ->> 2)) / 1000000.0, 'unixepoch') AS at,
       t.value ->> 0 AS step_index, json_extract(d.source, '$.steps[' || (t.value ->> 0) || '].id') AS step,
       t.value ->> 1 AS attempt, (SELECT name FROM log_level_names WHERE number = t.value ->> 3) AS level,
       t.value ->> 4 AS message
FROM logs l JOIN json_each(l.lines) t JOIN executions e ON e.number = l.execution
JOIN execution_ids i ON i.execution = l.execution JOIN definitions d ON d.number = e.definition;
