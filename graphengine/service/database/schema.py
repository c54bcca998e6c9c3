"""What stands in the database. A step that was released is never changed; what changes is a step of its own.

One sequence orders everything: the number of a log entry. A job's ``seq`` is that of its first entry, its
``finish`` that of its last; its ``rank`` in the queue comes from the entry that put it there. Times are
microseconds since 1970 by the wall clock, for showing only.
"""

from collections.abc import Sequence
from typing import Final

from graphengine.service.database.database import PROBE
from graphengine.service.database.migrations import Step, statements

_STORE = """
CREATE TABLE store (  -- epoch, paused
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID
"""

_EVENT = """
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice, also when the newest is deleted
    job TEXT NOT NULL,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    time INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT
"""

_WORKFLOW = """
CREATE TABLE workflow (
    digest TEXT PRIMARY KEY,
    content TEXT NOT NULL
) STRICT
"""

_BATCH = """
CREATE TABLE batch (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    body TEXT NOT NULL,
    workflow TEXT NOT NULL REFERENCES workflow (digest),  -- kept for its jobs: a batch without jobs is removed
    total INTEGER NOT NULL,
    unfinished INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT
"""

_JOB = """
CREATE TABLE job (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    body TEXT NOT NULL,  -- digest of what was asked for, beside the workflow
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    priority INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    overtaken INTEGER NOT NULL DEFAULT 0,
    weights TEXT NOT NULL,
    batch TEXT REFERENCES batch (id),
    workflow TEXT NOT NULL REFERENCES workflow (digest),
    inputs TEXT NOT NULL,
    targets TEXT,
    title TEXT NOT NULL,
    tags TEXT NOT NULL,
    created INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER,
    finish INTEGER,
    attempt INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    cancelling INTEGER NOT NULL DEFAULT 0,
    failure TEXT,
    result TEXT
) STRICT
"""

_TALLY = """
CREATE TABLE tally (  -- how many jobs are in each state
    state TEXT PRIMARY KEY,
    jobs INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""

_LINE = """
CREATE TABLE line (  -- an owner's queued jobs of one priority; see the module turns
    turn INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    priority INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    round INTEGER NOT NULL,
    UNIQUE (owner, priority)
) STRICT
"""

_LIBRARY = """
CREATE TABLE library (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,  -- the newest that was ever saved
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    thumbnail BLOB,
    media_type TEXT NOT NULL DEFAULT ''
) STRICT
"""

_VERSION = """
CREATE TABLE library_version (
    name TEXT NOT NULL REFERENCES library (name) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    workflow TEXT NOT NULL REFERENCES workflow (digest),
    title TEXT NOT NULL,
    owner TEXT NOT NULL,
    note TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID
"""

_SCHEDULE = """
CREATE TABLE schedule (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    fires TEXT NOT NULL,  -- the trigger; JSON, as the next
    misfire TEXT NOT NULL,
    name TEXT,
    workflow TEXT REFERENCES workflow (digest),
    draft TEXT NOT NULL,  -- what else is submitted
    enabled INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    decided INTEGER NOT NULL,
    due INTEGER,
    fired INTEGER NOT NULL DEFAULT 0,
    last INTEGER,
    problem TEXT NOT NULL DEFAULT ''
) STRICT
"""

_FILE = """
CREATE TABLE schedule_file (  -- a file of a watched folder that was acted upon, or was there before
    schedule TEXT NOT NULL REFERENCES schedule (id) ON DELETE CASCADE,
    name TEXT NOT NULL,  -- empty: the folder was looked at
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,  -- nanoseconds
    PRIMARY KEY (schedule, name)
) STRICT, WITHOUT ROWID
"""

_WEBHOOK = """
CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,  -- as it is: it signs
    states TEXT NOT NULL,  -- JSON
    jobs TEXT NOT NULL CHECK (jobs IN ('own', 'all')),
    enabled INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    waiting INTEGER NOT NULL DEFAULT 0,  -- its deliveries of that state
    dropped INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,  -- in a row
    problem TEXT NOT NULL DEFAULT ''
) STRICT
"""

_DELIVERY = """
CREATE TABLE delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    webhook TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    job TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    tried INTEGER,
    due INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    problem TEXT NOT NULL DEFAULT ''
) STRICT
"""

_RATING = """
CREATE TABLE rating (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    first TEXT NOT NULL,  -- the SHA-256 of a result
    second TEXT NOT NULL,  -- of another, the larger one; empty: the first was rated alone
    verdict INTEGER NOT NULL,  -- stars; of two: -1 the first is better, 1 the second, 0 neither
    about TEXT NOT NULL,  -- JSON: what each was made of
    time INTEGER NOT NULL,
    UNIQUE (owner, first, second)
) STRICT
"""

STEPS: Final[Sequence[Step]] = (
    statements(
        _STORE,
        PROBE,
        _EVENT,
        "CREATE INDEX event_job ON event (job, seq)",
        "CREATE INDEX event_owner ON event (owner, seq)",
        _WORKFLOW,
        _BATCH,
        _JOB,
        "CREATE INDEX job_line ON job (priority, owner, rank) WHERE state = 'queued'",
        "CREATE INDEX job_weights ON job (priority, weights, rank) WHERE state = 'queued' AND weights <> ''",
        "CREATE INDEX job_state ON job (state, seq)",
        "CREATE INDEX job_owner ON job (owner, seq)",
        "CREATE INDEX job_batch ON job (batch, seq) WHERE batch IS NOT NULL",
        "CREATE INDEX job_workflow ON job (workflow)",
        "CREATE INDEX job_finish ON job (finish) WHERE finish IS NOT NULL",
        _TALLY,
        _LINE,
        "CREATE INDEX line_next ON line (priority DESC, round, turn) WHERE queued > 0",
        "CREATE INDEX line_round ON line (priority, round)",
        _LIBRARY,
        _VERSION,
        "CREATE INDEX library_version_workflow ON library_version (workflow)",
        "INSERT INTO store (name, value) VALUES ('epoch', lower(hex(randomblob(8)))), ('paused', '0')",
        "INSERT INTO tally (state, jobs) VALUES ('queued', 0), ('running', 0), ('done', 0), ('failed', 0),"
        " ('cancelled', 0)",
    ),
    statements(
        _SCHEDULE,
        "CREATE INDEX schedule_due ON schedule (due) WHERE enabled",
        "CREATE INDEX schedule_workflow ON schedule (workflow)",
    ),
    statements(
        "ALTER TABLE schedule ADD COLUMN lock TEXT NOT NULL DEFAULT ''",  # the SHA-256 of the secret for requests
        _FILE,
        _WEBHOOK,
        _DELIVERY,
        "CREATE INDEX delivery_webhook ON delivery (webhook, seq)",
        "CREATE INDEX delivery_due ON delivery (webhook, due) WHERE state = 'waiting'",
    ),
    statements("ALTER TABLE job ADD COLUMN lock TEXT"),  # JSON: what made the results of its last run
    statements(
        _RATING,
        "CREATE INDEX rating_first ON rating (first)",
        "CREATE INDEX rating_second ON rating (second) WHERE second <> ''",
    ),
)
"""The steps to the current schema, the first from an empty database."""
