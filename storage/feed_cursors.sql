-- Schema 2: one row per live source and market: where its next poll goes on, and how the last ones went.
CREATE TABLE feed_cursors (
  source TEXT NOT NULL, market TEXT NOT NULL, feeds TEXT NOT NULL, cursor TEXT NOT NULL, last_attempt_ts INTEGER,
  last_success_ts INTEGER, next_attempt_ts INTEGER, failures INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (source, market));
