-- The peer: the same transfer as ../postgres/schema.sql, in one process and one file.
-- The rows are the same; ids are 16 bytes. The checks are in src/main.rs, in the order in which PostgreSQL does them.
CREATE TABLE ledgers (id BLOB PRIMARY KEY, status INTEGER NOT NULL, sealed_through TEXT) WITHOUT ROWID, STRICT;
CREATE TABLE accounts (
    id BLOB PRIMARY KEY, ledger BLOB NOT NULL REFERENCES ledgers, owner BLOB NOT NULL,
    status INTEGER NOT NULL DEFAULT 0, credit_limit INTEGER, upper_limit INTEGER,
    debits_pending INTEGER NOT NULL DEFAULT 0, debits_posted INTEGER NOT NULL DEFAULT 0,
    credits_pending INTEGER NOT NULL DEFAULT 0, credits_posted INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID, STRICT;
CREATE TABLE transfers (
    id BLOB PRIMARY KEY, debit BLOB NOT NULL, credit BLOB NOT NULL, amount INTEGER NOT NULL, code INTEGER NOT NULL,
    effective TEXT NOT NULL, recorded INTEGER NOT NULL, actor BLOB NOT NULL, reference TEXT,
    debit_balance INTEGER NOT NULL, credit_balance INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
