-- SPDX-License-Identifier: Apache-2.0
-- Who is told what happens in an execution, how far each was told, and what could not be told.

CREATE TABLE subscriptions (
  number     INTEGER PRIMARY KEY,
  execution  INTEGER NOT NULL, -- number
  topic      TEXT NOT NULL,
  state      INTEGER NOT NULL, -- see subscription_state_names
  cursor     INTEGER NOT NULL DEFAULT 0, -- sequence of the last record that was told
  attempts   INTEGER NOT NULL DEFAULT 0, -- that failed since
  next_at    INTEGER, -- when it is tried again; NULL: nothing has failed
  error      TEXT, -- of the last failure
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  UNIQUE (execution, topic)
) STRICT;
CREATE INDEX subscriptions_active ON subscriptions (next_at) WHERE state = 1;

-- Events that were given up, as they would have been published.
CREATE TABLE dead_letters (
  number       INTEGER PRIMARY KEY,
  id           BLOB NOT NULL UNIQUE, -- of the event
  execution    INTEGER NOT NULL, -- number
  topic        TEXT NOT NULL,
  type         TEXT NOT NULL,
  sequence     INTEGER NOT NULL, -- of the record
  event        TEXT NOT NULL,
  content_type TEXT NOT NULL,
  code         TEXT NOT NULL,
  message      TEXT NOT NULL,
  attempts     INTEGER NOT NULL,
  at           INTEGER NOT NULL
) STRICT;
CREATE INDEX dead_letters_execution ON dead_letters (execution);

CREATE VIEW subscription_state_names (number, name) AS VALUES
  (1, 'active'), (2, 'expired'), (3, 'failed'), (4, 'done');

CREATE VIEW execution_subscriptions AS
SELECT s.execution, i.id, s.topic, (SELECT name FROM subscription_state_names WHERE number = s.state) AS delivery_status,
       s.cursor, s.attempts, strftime('%Y-%m-%dT%H:%M:%fZ', s.next_at / 1000000.0, 'unixepoch') AS next_at, s.error,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.created_at / 1000000.0, 'unixepoch') AS subscription_time,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.expires_at / 1000000.0, 'unixepoch') AS expiry_time
FROM subscriptions s JOIN execution_ids i ON i.execution = s.execution;
