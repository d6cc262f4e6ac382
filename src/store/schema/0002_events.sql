-- SPDX-License-Identifier: Apache-2.0
-- Events from outside, and which steps wait or once waited for which. docs/store.md explains how to read this.

-- One row for each event that was acknowledged, for as long as a repetition of it is to be known.
CREATE TABLE events (
  number      INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE, -- follows from source and event_id, or from the body
  source      TEXT,
  event_id    TEXT,
  type        TEXT,
  correlation TEXT,
  state       INTEGER NOT NULL, -- see event_state_names
  effect      INTEGER,          -- of state 2; see event_effect_names
  arrived_at  INTEGER NOT NULL,
  kept_from   INTEGER NOT NULL, -- when it arrived, or was replayed
  settled_at  INTEGER,
  execution   BLOB, -- id of what it went to
  step        TEXT,
  size        INTEGER NOT NULL,
  body        TEXT -- NULL once a step had it
) STRICT;
CREATE INDEX events_waiting ON events (kept_from) WHERE state = 1;
CREATE INDEX events_unmatched ON events (arrived_at) WHERE state IN (1, 4, 5, 6);
CREATE INDEX events_arrived ON events (arrived_at);

-- Which steps have begun to wait for which correlation id: whether an event is late or early.
CREATE TABLE awaited (
  correlation TEXT NOT NULL,
  execution   INTEGER NOT NULL, -- number
  step        INTEGER NOT NULL, -- index
  PRIMARY KEY (correlation, execution, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX awaited_execution ON awaited (execution);

INSERT OR IGNORE INTO awaited (correlation, execution, step)
SELECT r.value ->> '$[#-1].i', j.execution, r.value ->> 2
FROM journal j JOIN executions e ON e.number = j.execution, json_each(j.records) r
WHERE e.state < 4 AND r.value ->> 0 = 8 AND json_type(r.value, '$[#-1]') = 'object'
  AND r.value ->> '$[#-1].i' IS NOT NULL;

-- ---------------------------------------------------------------------------------------------------------------------
-- For reading by people: docs/store.md.

CREATE VIEW event_state_names (number, name) AS VALUES
  (1, 'waiting'), (2, 'handled'), (3, 'late'), (4, 'expired'), (5, 'dropped'), (6, 'unroutable');

CREATE VIEW event_effect_names (number, name) AS VALUES (1, 'completed'), (2, 'progress'), (3, 'ignored');

CREATE VIEW event_list AS
SELECT e.number AS event,
       lower(substr(hex(e.id), 1, 8) || '-' || substr(hex(e.id), 9, 4) || '-' || substr(hex(e.id), 13, 4) || '-' ||
             substr(hex(e.id), 17, 4) || '-' || substr(hex(e.id), 21)) AS id,
       e.source, e.event_id, e.type, e.correlation,
       (SELECT name FROM event_state_names WHERE number = e.state) AS state,
       (SELECT name FROM event_effect_names WHERE number = e.effect) AS effect,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.arrived_at / 1000000.0, 'unixepoch') AS arrived_at,
       (e.settled_at - e.arrived_at) / 1000000.0 AS seconds,
       i.execution, e.step, e.size, e.body
FROM events e LEFT JOIN executions x ON x.id = e.execution LEFT JOIN execution_ids i ON i.execution = x.number;
