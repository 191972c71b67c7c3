-- Made from the revisions by store/sqlite/fresh.py.
BEGIN;
CREATE TABLE access_log (
	id INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	action TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE agent_job (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	params TEXT NOT NULL, 
	state TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE agent_task (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	trace_id INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	label TEXT, 
	proposal_id INTEGER, 
	answer BLOB, 
	checkpoint BLOB, 
	requests INTEGER DEFAULT '0' NOT NULL, 
	input_tokens INTEGER DEFAULT '0' NOT NULL, 
	output_tokens INTEGER DEFAULT '0' NOT NULL, 
	cache_read_tokens INTEGER DEFAULT '0' NOT NULL, 
	cache_write_tokens INTEGER DEFAULT '0' NOT NULL, 
	cost_usd FLOAT DEFAULT '0' NOT NULL, 
	updated_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(job_id) REFERENCES agent_job (id)
);
CREATE TABLE agent_transcript (
	id INTEGER NOT NULL, 
	trace_id INTEGER, 
	"key" TEXT NOT NULL, 
	agent TEXT NOT NULL, 
	model TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	record BLOB NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE annotation (
	trace_id INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	span_id TEXT, 
	name TEXT NOT NULL, 
	label TEXT, 
	score FLOAT, 
	explanation TEXT, 
	annotator_kind TEXT NOT NULL, 
	source TEXT, low FLOAT, high FLOAT, is_expectation SMALLINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (trace_id, digest), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE body (
	id INTEGER NOT NULL, 
	hash BLOB NOT NULL, 
	codec SMALLINT NOT NULL, 
	data BLOB NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (hash)
);
CREATE VIRTUAL TABLE body_text USING fts5(
  text, content='', tokenize="porter unicode61 remove_diacritics 2"
);
CREATE TABLE call_row (
	trace_id INTEGER NOT NULL, 
	call INTEGER NOT NULL, 
	asked INTEGER, 
	done INTEGER, 
	agent TEXT, 
	tool TEXT NOT NULL, 
	effect TEXT NOT NULL, 
	status TEXT NOT NULL, 
	error TEXT, 
	arguments BLOB, 
	result BLOB, 
	PRIMARY KEY (trace_id, call), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE chain (
	seq INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
CREATE TABLE completion (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	verdict_uid TEXT NOT NULL, 
	record TEXT, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (uid)
);
CREATE TABLE digest_run (
	id INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	state TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE document_row (
	trace_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	rank INTEGER NOT NULL, 
	document TEXT, 
	score FLOAT, 
	text BLOB, 
	PRIMARY KEY (trace_id, step, rank), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE embedding (
	id INTEGER NOT NULL, 
	trace_id INTEGER NOT NULL, 
	span_id TEXT NOT NULL, 
	project TEXT NOT NULL, 
	model TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	bits BLOB NOT NULL, 
	vector BLOB NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE erasure (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	at TEXT NOT NULL, 
	record TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (uid)
);
CREATE TABLE experiment (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	state TEXT NOT NULL, 
	project TEXT NOT NULL, 
	base TEXT, 
	candidate TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	plan_hash TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	finished_at TEXT, 
	verdict TEXT, 
	report BLOB, 
	PRIMARY KEY (id)
);
CREATE TABLE experiment_run (
	id INTEGER NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	case_id TEXT NOT NULL, 
	case_hash TEXT NOT NULL, 
	side TEXT NOT NULL, 
	batch TEXT NOT NULL, 
	repeat INTEGER NOT NULL, 
	outcome TEXT NOT NULL, 
	checks TEXT NOT NULL, 
	error TEXT, 
	version TEXT NOT NULL, 
	target_hash TEXT NOT NULL, 
	commit_sha TEXT, 
	dirty_hash TEXT, 
	judge_hash TEXT, 
	prompt_fingerprint TEXT, 
	tools_fingerprint TEXT, 
	model TEXT, 
	input_tokens INTEGER, 
	output_tokens INTEGER, 
	cost_usd FLOAT, 
	attempts INTEGER NOT NULL, 
	started_at TEXT NOT NULL, 
	duration_ms FLOAT NOT NULL, 
	trace_id INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(experiment_id) REFERENCES experiment (id)
);
CREATE TABLE failure_mode (
	id INTEGER NOT NULL, 
	project TEXT NOT NULL, 
	failure SMALLINT DEFAULT '1' NOT NULL, 
	status TEXT DEFAULT 'new' NOT NULL, 
	computed_name TEXT, 
	name TEXT, 
	proposed_name TEXT, 
	proposed_by TEXT, 
	signatures TEXT DEFAULT '' NOT NULL, 
	centre BLOB, 
	label_key TEXT, 
	opened_at TEXT NOT NULL, 
	fixed_at BIGINT, 
	PRIMARY KEY (id)
);
CREATE TABLE knowledge_file (
	id INTEGER NOT NULL, 
	folder TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	text TEXT NOT NULL, 
	indexed_at TEXT NOT NULL, parsed TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (folder, kind, name)
);
CREATE TABLE lesson_vector (
	digest TEXT NOT NULL, 
	model TEXT NOT NULL, 
	vector BLOB NOT NULL, 
	PRIMARY KEY (digest, model)
);
CREATE TABLE message_row (
	trace_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	direction TEXT NOT NULL, 
	role TEXT NOT NULL, 
	name TEXT, 
	text BLOB, 
	PRIMARY KEY (trace_id, step, position), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE mode_background (
	project TEXT NOT NULL, 
	runs INTEGER NOT NULL, 
	counts BLOB NOT NULL, 
	PRIMARY KEY (project)
);
CREATE TABLE mode_event (
	id INTEGER NOT NULL, 
	mode_id INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	note TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(mode_id) REFERENCES failure_mode (id)
);
CREATE TABLE mode_member (
	trace_id INTEGER NOT NULL, 
	mode_id INTEGER NOT NULL, 
	span_id TEXT, 
	known SMALLINT NOT NULL, 
	observed SMALLINT DEFAULT '0' NOT NULL, 
	likeness FLOAT NOT NULL, 
	joined_at TEXT NOT NULL, 
	PRIMARY KEY (trace_id, mode_id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id), 
	FOREIGN KEY(mode_id) REFERENCES failure_mode (id)
)
 WITHOUT ROWID

;
CREATE TABLE observation (
	id INTEGER NOT NULL, 
	trace_id INTEGER NOT NULL, 
	mode_id INTEGER NOT NULL, 
	span_id TEXT NOT NULL, 
	quote TEXT NOT NULL, 
	label TEXT NOT NULL, 
	note TEXT DEFAULT '' NOT NULL, 
	good SMALLINT NOT NULL, 
	observed_by TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id), 
	FOREIGN KEY(mode_id) REFERENCES failure_mode (id)
);
CREATE TABLE occurrence (
	body_id INTEGER NOT NULL, 
	trace_id INTEGER NOT NULL, 
	span_id TEXT NOT NULL, 
	produced SMALLINT NOT NULL, 
	PRIMARY KEY (body_id, trace_id)
)
 WITHOUT ROWID

;
CREATE TABLE proposal (
	id INTEGER NOT NULL, 
	trace_id INTEGER NOT NULL, 
	item_id INTEGER, 
	label TEXT NOT NULL, 
	explanation TEXT NOT NULL, 
	cited TEXT NOT NULL, 
	cause TEXT, 
	proposed_by TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE pull_cursor (
	source TEXT NOT NULL, 
	url TEXT NOT NULL, 
	project TEXT NOT NULL, 
	taken_until TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	PRIMARY KEY (source, url, project)
);
CREATE TABLE queue_draw (
	id INTEGER NOT NULL, 
	queue TEXT NOT NULL, 
	drawn_at TEXT NOT NULL, 
	after_trace INTEGER NOT NULL, 
	upto_trace INTEGER NOT NULL, 
	population INTEGER NOT NULL, 
	drawn INTEGER NOT NULL, 
	seed TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE queue_sample (
	id INTEGER NOT NULL, 
	draw_id INTEGER NOT NULL, 
	queue TEXT NOT NULL, 
	item_id INTEGER NOT NULL, 
	part TEXT NOT NULL, 
	probability FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (queue, item_id), 
	FOREIGN KEY(draw_id) REFERENCES queue_draw (id), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE redacted_span (
	trace_id INTEGER NOT NULL, 
	span_id TEXT NOT NULL, 
	erasure_id INTEGER NOT NULL, 
	PRIMARY KEY (trace_id, span_id), 
	FOREIGN KEY(erasure_id) REFERENCES erasure (id)
)
 WITHOUT ROWID

;
CREATE TABLE review_assignee (
	item_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	PRIMARY KEY (item_id, name), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
)
 WITHOUT ROWID

;
CREATE TABLE review_comment (
	id INTEGER NOT NULL, 
	item_id INTEGER NOT NULL, 
	author TEXT NOT NULL, 
	text TEXT NOT NULL, 
	written_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE review_draft (
	item_id INTEGER NOT NULL, 
	reviewer TEXT NOT NULL, 
	first TEXT NOT NULL, 
	final TEXT NOT NULL, 
	revealed INTEGER, 
	first_at TEXT NOT NULL, 
	PRIMARY KEY (item_id, reviewer), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE review_invitation (
	token_sha256 TEXT NOT NULL, 
	name TEXT NOT NULL, 
	replaces TEXT NOT NULL, 
	made_by TEXT NOT NULL, 
	made_at TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	used_at TEXT, signature TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (token_sha256)
);
CREATE TABLE review_item (
	id INTEGER NOT NULL, 
	project TEXT NOT NULL, 
	trace_id INTEGER, 
	session TEXT, 
	question TEXT NOT NULL, 
	rubric_id TEXT NOT NULL, 
	rubric_version INTEGER NOT NULL, 
	rubric_sha256 TEXT NOT NULL, 
	focus TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	requested_by TEXT NOT NULL, 
	priority FLOAT NOT NULL, 
	inclusion_probability FLOAT, 
	overlap SMALLINT NOT NULL, 
	state TEXT NOT NULL, 
	note TEXT DEFAULT '' NOT NULL, 
	created_at TEXT NOT NULL, queue TEXT DEFAULT '' NOT NULL, due_at TEXT, reopens INTEGER, decides TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE review_question (
	id INTEGER NOT NULL, 
	item_id INTEGER NOT NULL, 
	waits_for TEXT NOT NULL, 
	asked_by TEXT NOT NULL, 
	question TEXT NOT NULL, 
	asked_at TEXT NOT NULL, 
	due_at TEXT, 
	state_before TEXT NOT NULL, 
	answered_by TEXT, 
	answer TEXT, 
	answered_at TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE review_skip (
	item_id INTEGER NOT NULL, 
	reviewer TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	skipped_at TEXT NOT NULL, 
	PRIMARY KEY (item_id, reviewer), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE review_slot (
	item_id INTEGER NOT NULL, 
	slot SMALLINT NOT NULL, 
	state TEXT NOT NULL, 
	holder TEXT, 
	token INTEGER DEFAULT '0' NOT NULL, 
	lease_until TEXT, 
	PRIMARY KEY (item_id, slot), 
	UNIQUE (item_id, holder), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE review_time (
	item_id INTEGER NOT NULL, 
	reviewer TEXT NOT NULL, 
	active_ms BIGINT NOT NULL, 
	last_ms BIGINT NOT NULL, 
	PRIMARY KEY (item_id, reviewer), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
)
 WITHOUT ROWID

;
CREATE TABLE review_typed (
	item_id INTEGER NOT NULL, 
	reviewer TEXT NOT NULL, 
	fields TEXT NOT NULL, 
	saved_at TEXT NOT NULL, 
	PRIMARY KEY (item_id, reviewer), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE rows_of (
	trace_id INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	form INTEGER NOT NULL, 
	PRIMARY KEY (trace_id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE rubric_version (
	id INTEGER NOT NULL, 
	rubric_id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	content TEXT NOT NULL, 
	signature TEXT, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE run_attribute (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	trace_id INTEGER NOT NULL, 
	number FLOAT, 
	PRIMARY KEY (name, value, trace_id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
)
 WITHOUT ROWID

;
CREATE TABLE setting (
	project TEXT NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	PRIMARY KEY (project, name)
);
CREATE TABLE signal (
	trace_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	signal TEXT NOT NULL, 
	span_id TEXT, 
	failure SMALLINT NOT NULL, 
	strength FLOAT NOT NULL, 
	reason TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	PRIMARY KEY (trace_id, position), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE span (
	id INTEGER NOT NULL, 
	trace_id INTEGER NOT NULL, 
	span_id TEXT NOT NULL, 
	parent_span_id TEXT, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	status TEXT NOT NULL, 
	agent TEXT, 
	tool TEXT, 
	model TEXT, 
	started_at BIGINT, 
	ended_at BIGINT, 
	sequence INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	detail BLOB NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (trace_id, span_id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE step_row (
	trace_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	span_id TEXT NOT NULL, 
	parent INTEGER, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	agent TEXT, 
	tool TEXT, 
	model TEXT, 
	status TEXT NOT NULL, 
	error TEXT, 
	started_at BIGINT, 
	duration_ms FLOAT, 
	input_tokens INTEGER, 
	output_tokens INTEGER, 
	text BLOB, 
	PRIMARY KEY (trace_id, step), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE suspect_cache (
	trace_id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	report BLOB NOT NULL, 
	PRIMARY KEY (trace_id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE token (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	handle TEXT NOT NULL, 
	secret_sha256 BLOB NOT NULL, 
	created_at TEXT NOT NULL, 
	expires_at TEXT, 
	revoked_at TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	UNIQUE (handle)
);
CREATE TABLE told_steps (
	trace_id INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	form INTEGER NOT NULL, 
	steps BLOB NOT NULL, 
	PRIMARY KEY (trace_id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE tombstone (
	trace_id INTEGER NOT NULL, 
	erasure_id INTEGER NOT NULL, 
	key_sha256 BLOB NOT NULL, 
	PRIMARY KEY (trace_id), 
	FOREIGN KEY(erasure_id) REFERENCES erasure (id)
);
CREATE TABLE trace (
	id INTEGER NOT NULL, 
	project TEXT NOT NULL, 
	trace_key TEXT NOT NULL, 
	revision INTEGER DEFAULT '0' NOT NULL, 
	dirty SMALLINT DEFAULT '1' NOT NULL, 
	arrived_at BIGINT NOT NULL, 
	facts BLOB, 
	reading BLOB, 
	step_count INTEGER DEFAULT '0' NOT NULL, 
	status TEXT, 
	outcome TEXT DEFAULT 'unknown' NOT NULL, 
	outcome_source TEXT DEFAULT 'none' NOT NULL, 
	task TEXT, 
	task_declared SMALLINT DEFAULT '0' NOT NULL, 
	session TEXT, 
	user TEXT, 
	version TEXT, 
	environment TEXT, 
	agents TEXT, 
	models TEXT, 
	tools TEXT, 
	tags TEXT, 
	started_at BIGINT, 
	duration_ms FLOAT, 
	input TEXT, 
	output TEXT, 
	input_tokens BIGINT DEFAULT '0' NOT NULL, 
	output_tokens BIGINT DEFAULT '0' NOT NULL, 
	cache_read_tokens BIGINT DEFAULT '0' NOT NULL, 
	cache_write_tokens BIGINT DEFAULT '0' NOT NULL, 
	reasoning_tokens BIGINT DEFAULT '0' NOT NULL, 
	cost_usd FLOAT, 
	prompt_fingerprint TEXT, 
	tools_fingerprint TEXT, 
	analysed_revision INTEGER DEFAULT '-1' NOT NULL, 
	analysed_with TEXT, project_by_service INTEGER DEFAULT '0' NOT NULL, run_id TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (trace_key, project)
);
CREATE TABLE trace_features (
	trace_id INTEGER NOT NULL, 
	project TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	rules TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	features BLOB NOT NULL, 
	PRIMARY KEY (trace_id), 
	FOREIGN KEY(trace_id) REFERENCES trace (id)
);
CREATE TABLE trust_record (
	id INTEGER NOT NULL, 
	fingerprint TEXT NOT NULL, 
	record TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE verdict (
	id INTEGER NOT NULL, 
	uid TEXT NOT NULL, 
	item_id INTEGER, 
	record TEXT, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (uid), 
	FOREIGN KEY(item_id) REFERENCES review_item (id)
);
CREATE TABLE verdict_subject (
	trace_id INTEGER NOT NULL, 
	verdict_id INTEGER NOT NULL, 
	PRIMARY KEY (trace_id, verdict_id), 
	FOREIGN KEY(verdict_id) REFERENCES verdict (id)
)
 WITHOUT ROWID

;
CREATE INDEX access_log_by_time ON access_log (at);
CREATE INDEX agent_job_by_kind ON agent_job (kind, state);
CREATE UNIQUE INDEX agent_task_by_job ON agent_task (job_id, trace_id);
CREATE INDEX agent_task_by_proposal ON agent_task (proposal_id);
CREATE INDEX agent_task_by_trace ON agent_task (trace_id);
CREATE INDEX agent_transcript_by_trace ON agent_transcript (trace_id);
CREATE INDEX annotation_by_name ON annotation (name, annotator_kind);
CREATE INDEX call_row_by_tool ON call_row (tool, trace_id);
CREATE INDEX completion_by_verdict ON completion (verdict_uid);
CREATE INDEX embedding_by_project ON embedding (model, project);
CREATE UNIQUE INDEX embedding_by_trace ON embedding (trace_id, span_id, model);
CREATE INDEX experiment_by_plan ON experiment (plan_hash);
CREATE INDEX experiment_run_by_case ON experiment_run (case_id, id);
CREATE INDEX experiment_run_by_trace ON experiment_run (trace_id);
CREATE UNIQUE INDEX experiment_run_once ON experiment_run (experiment_id, case_id, side, batch, repeat);
CREATE INDEX failure_mode_by_project ON failure_mode (project, label_key);
CREATE INDEX ix_review_comment_item_id ON review_comment (item_id);
CREATE INDEX mode_event_by_mode ON mode_event (mode_id, id);
CREATE INDEX mode_member_by_mode ON mode_member (mode_id, trace_id);
CREATE INDEX observation_by_mode ON observation (mode_id);
CREATE INDEX observation_by_trace ON observation (trace_id);
CREATE INDEX occurrence_by_trace ON occurrence (trace_id);
CREATE INDEX proposal_by_item ON proposal (item_id);
CREATE INDEX proposal_by_trace ON proposal (trace_id);
CREATE INDEX queue_draw_by_queue ON queue_draw (queue, id);
CREATE INDEX queue_sample_by_item ON queue_sample (item_id);
CREATE INDEX review_item_by_queue ON review_item (queue, state);
CREATE INDEX review_item_by_state ON review_item (state, priority);
CREATE INDEX review_item_by_trace ON review_item (trace_id);
CREATE INDEX review_question_by_item ON review_question (item_id);
CREATE INDEX rubric_version_by_id ON rubric_version (rubric_id, version);
CREATE INDEX run_attribute_trace ON run_attribute (trace_id);
CREATE INDEX signal_by_name ON signal (signal, trace_id);
CREATE INDEX span_error ON span (trace_id) WHERE status = 'error';
CREATE INDEX tombstone_by_key ON tombstone (key_sha256);
CREATE INDEX trace_by_session ON trace (session, started_at);
CREATE INDEX trace_by_task ON trace (project, task);
CREATE INDEX trace_by_time ON trace (started_at);
CREATE INDEX trace_dirty ON trace (dirty) WHERE dirty = 1;
CREATE INDEX trace_failed ON trace(id) WHERE status = 'error';
CREATE INDEX trace_features_by_project ON trace_features (project);
CREATE INDEX trace_newest ON trace(coalesce(started_at, arrived_at) DESC, id DESC);
CREATE INDEX trace_run_id ON trace (run_id);
CREATE INDEX verdict_by_item ON verdict (item_id);
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log  BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END;
CREATE TRIGGER access_log_no_insert BEFORE INSERT ON access_log WHEN EXISTS (SELECT 1 FROM access_log WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END;
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log  BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END;
CREATE TRIGGER chain_no_delete BEFORE DELETE ON chain  BEGIN SELECT RAISE(ABORT, 'chain is append-only'); END;
CREATE TRIGGER chain_no_insert BEFORE INSERT ON chain WHEN EXISTS (SELECT 1 FROM chain WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'chain is append-only'); END;
CREATE TRIGGER chain_no_update BEFORE UPDATE ON chain  BEGIN SELECT RAISE(ABORT, 'chain is append-only'); END;
CREATE TRIGGER completion_no_delete BEFORE DELETE ON completion  BEGIN SELECT RAISE(ABORT, 'completion is append-only'); END;
CREATE TRIGGER completion_no_insert BEFORE INSERT ON completion WHEN EXISTS (SELECT 1 FROM completion WHERE id = NEW.id OR uid = NEW.uid) BEGIN SELECT RAISE(ABORT, 'completion is append-only'); END;
CREATE TRIGGER completion_no_update BEFORE UPDATE ON completion WHEN NEW.record IS NOT NULL OR NEW.id <> OLD.id OR NEW.uid <> OLD.uid OR NEW.verdict_uid <> OLD.verdict_uid OR NEW.created_at <> OLD.created_at BEGIN SELECT RAISE(ABORT, 'completion is append-only'); END;
CREATE TRIGGER erasure_no_delete BEFORE DELETE ON erasure  BEGIN SELECT RAISE(ABORT, 'erasure is append-only'); END;
CREATE TRIGGER erasure_no_insert BEFORE INSERT ON erasure WHEN EXISTS (SELECT 1 FROM erasure WHERE id = NEW.id OR uid = NEW.uid) BEGIN SELECT RAISE(ABORT, 'erasure is append-only'); END;
CREATE TRIGGER erasure_no_update BEFORE UPDATE ON erasure  BEGIN SELECT RAISE(ABORT, 'erasure is append-only'); END;
CREATE TRIGGER mode_member_gone AFTER DELETE ON mode_member
BEGIN UPDATE failure_mode SET computed_name = NULL WHERE id = OLD.mode_id; END;
CREATE TRIGGER rubric_version_no_delete BEFORE DELETE ON rubric_version  BEGIN SELECT RAISE(ABORT, 'rubric_version is append-only'); END;
CREATE TRIGGER rubric_version_no_insert BEFORE INSERT ON rubric_version WHEN EXISTS (SELECT 1 FROM rubric_version WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'rubric_version is append-only'); END;
CREATE TRIGGER rubric_version_no_update BEFORE UPDATE ON rubric_version  BEGIN SELECT RAISE(ABORT, 'rubric_version is append-only'); END;
CREATE TRIGGER trust_record_no_delete BEFORE DELETE ON trust_record  BEGIN SELECT RAISE(ABORT, 'trust_record is append-only'); END;
CREATE TRIGGER trust_record_no_insert BEFORE INSERT ON trust_record WHEN EXISTS (SELECT 1 FROM trust_record WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'trust_record is append-only'); END;
CREATE TRIGGER trust_record_no_update BEFORE UPDATE ON trust_record  BEGIN SELECT RAISE(ABORT, 'trust_record is append-only'); END;
CREATE TRIGGER verdict_no_delete BEFORE DELETE ON verdict  BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END;
CREATE TRIGGER verdict_no_insert BEFORE INSERT ON verdict WHEN EXISTS (SELECT 1 FROM verdict WHERE id = NEW.id OR uid = NEW.uid) BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END;
CREATE TRIGGER verdict_no_update BEFORE UPDATE ON verdict WHEN NEW.record IS NOT NULL OR NEW.id <> OLD.id OR NEW.uid <> OLD.uid OR NEW.created_at <> OLD.created_at OR NEW.item_id IS NOT OLD.item_id BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END;
CREATE TRIGGER verdict_subject_no_delete BEFORE DELETE ON verdict_subject  BEGIN SELECT RAISE(ABORT, 'verdict_subject is append-only'); END;
CREATE TRIGGER verdict_subject_no_insert BEFORE INSERT ON verdict_subject WHEN EXISTS (SELECT 1 FROM verdict_subject WHERE trace_id = NEW.trace_id AND verdict_id = NEW.verdict_id) BEGIN SELECT RAISE(ABORT, 'verdict_subject is append-only'); END;
CREATE TRIGGER verdict_subject_no_update BEFORE UPDATE ON verdict_subject  BEGIN SELECT RAISE(ABORT, 'verdict_subject is append-only'); END;
INSERT INTO alembic_version VALUES ('0026_signed_invitations');
COMMIT;
