-- Schema 1: everything transactional lives in one SQLite file (WAL). Times are UTC microseconds (integers).
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, market TEXT NOT NULL,
  payload TEXT NOT NULL, cause_seq INTEGER, prev_hash TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX events_kind ON events(kind, seq);
CREATE TABLE event_segments (
  path TEXT PRIMARY KEY, from_seq INTEGER NOT NULL UNIQUE, to_seq INTEGER NOT NULL, last_hash TEXT NOT NULL,
  created_ts INTEGER NOT NULL);
CREATE TABLE commands (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, args TEXT NOT NULL, actor TEXT NOT NULL, expected_state_seq INTEGER,
  created_ts INTEGER NOT NULL, expires_ts INTEGER, status TEXT NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending','accepted','refused')),
  reason TEXT, result TEXT, settled_ts INTEGER, settled_seq INTEGER);
CREATE INDEX commands_pending ON commands(status, created_ts);
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, state_seq INTEGER NOT NULL, updated_ts INTEGER NOT NULL);
CREATE TABLE lease (
  id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, pid INTEGER NOT NULL, epoch INTEGER NOT NULL,
  host_kind TEXT NOT NULL, started_ts INTEGER NOT NULL, heartbeat_ts INTEGER NOT NULL, released INTEGER NOT NULL DEFAULT 0);
CREATE TABLE heartbeats (name TEXT PRIMARY KEY, ts INTEGER NOT NULL, payload TEXT NOT NULL);
-- raw lake
CREATE TABLE batches (
  batch_id TEXT PRIMARY KEY, source TEXT NOT NULL, market TEXT NOT NULL, input_name TEXT NOT NULL, input_hash TEXT NOT NULL,
  fetched_ts INTEGER NOT NULL, rows_added INTEGER NOT NULL, rows_duplicate INTEGER NOT NULL, rows_quarantined INTEGER NOT NULL,
  schema_version INTEGER NOT NULL);
CREATE TABLE catalogue (
  path TEXT PRIMARY KEY, batch_id TEXT NOT NULL REFERENCES batches(batch_id), source TEXT NOT NULL, market TEXT NOT NULL,
  dataset TEXT NOT NULL, year INTEGER NOT NULL, month INTEGER NOT NULL, rows INTEGER NOT NULL, content_hash TEXT NOT NULL,
  min_event_ts INTEGER NOT NULL, max_event_ts INTEGER NOT NULL, min_known_ts INTEGER NOT NULL, max_known_ts INTEGER NOT NULL,
  schema_version INTEGER NOT NULL, committed_ts INTEGER NOT NULL);
CREATE INDEX catalogue_read ON catalogue(market, dataset, source);
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY, batch_id TEXT NOT NULL, source TEXT NOT NULL, market TEXT NOT NULL, input_name TEXT NOT NULL,
  row_number INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL, raw_text TEXT NOT NULL, ts INTEGER NOT NULL,
  UNIQUE (source, market, input_name, row_number, field, reason));
CREATE TABLE feeds (
  market TEXT NOT NULL, source TEXT NOT NULL, last_event_ts INTEGER, last_known_ts INTEGER, last_recorded_ts INTEGER,
  status TEXT NOT NULL, reasons TEXT NOT NULL, rows INTEGER NOT NULL DEFAULT 0, max_age_us INTEGER, updated_ts INTEGER NOT NULL,
  PRIMARY KEY (market, source));
CREATE TABLE recent_bars (
  market TEXT NOT NULL, series TEXT NOT NULL, event_ts INTEGER NOT NULL, known_ts INTEGER NOT NULL, open REAL, high REAL,
  low REAL, close REAL, volume REAL, PRIMARY KEY (market, series, event_ts));
-- feature store
CREATE TABLE feature_definitions (
  name TEXT PRIMARY KEY, unit TEXT NOT NULL, source TEXT NOT NULL, range_low REAL, range_high REAL, max_age_us INTEGER NOT NULL,
  owner TEXT NOT NULL, description TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE feature_tail (
  id INTEGER PRIMARY KEY, market TEXT NOT NULL, feature TEXT NOT NULL, event_ts INTEGER NOT NULL, known_ts INTEGER NOT NULL,
  recorded_ts INTEGER NOT NULL, value REAL, quality TEXT NOT NULL, source TEXT NOT NULL, version INTEGER NOT NULL);
CREATE INDEX feature_tail_read ON feature_tail(market, feature, known_ts);
CREATE TABLE feature_segments (
  path TEXT PRIMARY KEY, market TEXT NOT NULL, rows INTEGER NOT NULL, content_hash TEXT NOT NULL, min_event_ts INTEGER NOT NULL,
  max_event_ts INTEGER NOT NULL, min_known_ts INTEGER NOT NULL, max_known_ts INTEGER NOT NULL, status TEXT NOT NULL
    CHECK (status IN ('active','superseded')), created_ts INTEGER NOT NULL);
-- performance database
CREATE TABLE predictions (
  prediction_id TEXT PRIMARY KEY, market TEXT NOT NULL, ts INTEGER NOT NULL, model_id TEXT NOT NULL, role TEXT NOT NULL,
  features TEXT NOT NULL, expected_return REAL, return_sd REAL, confidence REAL, target_lots INTEGER, usable INTEGER NOT NULL,
  outcome_return REAL, outcome_ts INTEGER, pnl_usd REAL, costs_usd REAL);
CREATE INDEX predictions_read ON predictions(market, model_id, ts);
CREATE TABLE metrics (
  id INTEGER PRIMARY KEY, market TEXT NOT NULL, ts INTEGER NOT NULL, model_id TEXT NOT NULL, name TEXT NOT NULL,
  value REAL NOT NULL, window_bars INTEGER NOT NULL, details TEXT NOT NULL DEFAULT '{}');
CREATE INDEX metrics_read ON metrics(market, model_id, name, ts);
CREATE TABLE equity (
  market TEXT NOT NULL, ts INTEGER NOT NULL, equity_usd REAL NOT NULL, position_lots INTEGER NOT NULL, day_pnl_usd REAL NOT NULL,
  drawdown REAL NOT NULL, PRIMARY KEY (market, ts));
-- journal
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, market TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
  tags TEXT NOT NULL, mutation_type TEXT, outcome TEXT, regime TEXT, body TEXT NOT NULL, event_seq INTEGER,
  prev_hash TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX journal_read ON journal(market, kind, ts);
-- registry
CREATE TABLE models (
  model_id TEXT PRIMARY KEY, market TEXT NOT NULL, parent_id TEXT, kind TEXT NOT NULL, config TEXT NOT NULL,
  data_snapshot_hash TEXT NOT NULL, code_version TEXT NOT NULL, metrics TEXT NOT NULL, status TEXT NOT NULL
    CHECK (status IN ('candidate','paper','champion','graveyard')),
  reason TEXT NOT NULL, artifact_hash TEXT NOT NULL, created_ts INTEGER NOT NULL, updated_ts INTEGER NOT NULL);
CREATE UNIQUE INDEX one_champion_per_market ON models(market) WHERE status = 'champion';
CREATE TABLE champion_history (
  id INTEGER PRIMARY KEY, market TEXT NOT NULL, model_id TEXT NOT NULL, previous_model_id TEXT, from_ts INTEGER NOT NULL,
  reason TEXT NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL);
-- agent
CREATE TABLE alerts (
  alert_id TEXT PRIMARY KEY, market TEXT NOT NULL, code TEXT NOT NULL, level TEXT NOT NULL, subject TEXT NOT NULL,
  message TEXT NOT NULL, evidence TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN ('open','acknowledged','cleared')),
  first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL, event_seq INTEGER);
CREATE TABLE cases (
  case_id TEXT PRIMARY KEY, market TEXT NOT NULL, opened_ts INTEGER NOT NULL, updated_ts INTEGER NOT NULL, stage TEXT NOT NULL,
  cause TEXT, alert_id TEXT, diagnosis TEXT, proposal TEXT, experiment_id TEXT, candidate_id TEXT, verdict TEXT,
  approval_id TEXT, outcome TEXT, data TEXT NOT NULL DEFAULT '{}');
CREATE TABLE experiments (
  experiment_id TEXT PRIMARY KEY, case_id TEXT, market TEXT NOT NULL, spec TEXT NOT NULL, status TEXT NOT NULL
    CHECK (status IN ('queued','running','finished','failed','timeout','killed')),
  pid INTEGER, started_ts INTEGER, finished_ts INTEGER, result TEXT, directory TEXT NOT NULL, snapshot_hash TEXT NOT NULL);
CREATE TABLE ab_tests (
  candidate_id TEXT PRIMARY KEY, champion_id TEXT NOT NULL, market TEXT NOT NULL, case_id TEXT, started_ts INTEGER NOT NULL,
  required_hours REAL NOT NULL, hours REAL NOT NULL, bars INTEGER NOT NULL, e_value REAL, statistics TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running','passed','failed','withdrawn')), updated_ts INTEGER NOT NULL);
CREATE TABLE approvals (
  approval_id TEXT PRIMARY KEY, market TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, case_id TEXT,
  state_seq INTEGER NOT NULL, created_ts INTEGER NOT NULL, expires_ts INTEGER NOT NULL, evidence TEXT NOT NULL,
  consequences TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN ('open','approved','rejected','expired','withdrawn')),
  decided_ts INTEGER, actor TEXT, reason TEXT);
-- execution
CREATE TABLE trader_state (market TEXT PRIMARY KEY, value TEXT NOT NULL, last_bar_ts INTEGER NOT NULL, updated_ts INTEGER NOT NULL);
CREATE TABLE orders (
  order_ref TEXT PRIMARY KEY, market TEXT NOT NULL, contract TEXT NOT NULL, side TEXT NOT NULL, quantity_lots INTEGER NOT NULL,
  order_type TEXT NOT NULL, limit_price REAL, status TEXT NOT NULL
    CHECK (status IN ('persisted','submitted','partly_filled','filled','cancelled','unknown')),
  decision_ts INTEGER NOT NULL, decision_price REAL NOT NULL, model_id TEXT NOT NULL, reduce_only INTEGER NOT NULL,
  epoch INTEGER NOT NULL, filled_lots INTEGER NOT NULL DEFAULT 0, average_fill_price REAL, reason TEXT, updated_ts INTEGER NOT NULL);
CREATE INDEX orders_open ON orders(market, status);
CREATE TABLE fills (
  fill_id TEXT PRIMARY KEY, order_ref TEXT NOT NULL REFERENCES orders(order_ref), market TEXT NOT NULL, contract TEXT NOT NULL,
  ts INTEGER NOT NULL, lots INTEGER NOT NULL, price REAL NOT NULL, reference_price REAL NOT NULL, spread_usd REAL NOT NULL,
  impact_usd REAL NOT NULL, fees_usd REAL NOT NULL, roll_usd REAL NOT NULL);
CREATE TABLE positions (
  market TEXT NOT NULL, contract TEXT NOT NULL, lots INTEGER NOT NULL, average_price REAL NOT NULL, updated_ts INTEGER NOT NULL,
  PRIMARY KEY (market, contract));
-- the paper broker's own book, as a real broker would hold it elsewhere
CREATE TABLE paper_orders (
  order_ref TEXT PRIMARY KEY, market TEXT NOT NULL, contract TEXT NOT NULL, payload TEXT NOT NULL, remaining_lots INTEGER NOT NULL,
  status TEXT NOT NULL, accepted_ts INTEGER NOT NULL);
CREATE TABLE paper_fills (fill_id TEXT PRIMARY KEY, order_ref TEXT NOT NULL, payload TEXT NOT NULL, ts INTEGER NOT NULL);
CREATE TABLE paper_positions (market TEXT NOT NULL, contract TEXT NOT NULL, lots INTEGER NOT NULL, PRIMARY KEY (market, contract));
CREATE TABLE paper_market (market TEXT PRIMARY KEY, value TEXT NOT NULL, last_bar_ts INTEGER NOT NULL);
