-- The peer: the same transfer, with the same checks, as a stored function of PostgreSQL.
-- Double entry, idempotent ids, account and ledger status, credit and upper limit, four balances.
CREATE TABLE ledgers (id uuid PRIMARY KEY, status smallint NOT NULL, sealed_through date);
CREATE TABLE accounts (
    id uuid PRIMARY KEY, ledger uuid NOT NULL REFERENCES ledgers, owner uuid NOT NULL,
    status smallint NOT NULL DEFAULT 0, credit_limit numeric(20), upper_limit numeric(20),
    debits_pending bigint NOT NULL DEFAULT 0, debits_posted bigint NOT NULL DEFAULT 0,
    credits_pending bigint NOT NULL DEFAULT 0, credits_posted bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE TABLE transfers (
    id uuid PRIMARY KEY, debit uuid NOT NULL, credit uuid NOT NULL, amount bigint NOT NULL, code int NOT NULL,
    effective date NOT NULL, recorded timestamptz NOT NULL, actor uuid NOT NULL, reference text,
    debit_balance bigint NOT NULL, credit_balance bigint NOT NULL
);

CREATE FUNCTION transfer(p_id uuid, p_debit uuid, p_credit uuid, p_amount bigint, p_code int, p_actor uuid)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    d accounts; c accounts; l ledgers; t transfers;
BEGIN
    IF p_amount <= 0 THEN RETURN 'amount-invalid'; END IF;
    IF p_debit = p_credit THEN RETURN 'accounts-same'; END IF;
    SELECT * INTO t FROM transfers WHERE id = p_id;
    IF FOUND THEN
        IF (t.debit, t.credit, t.amount, t.code) = (p_debit, p_credit, p_amount, p_code) THEN RETURN 'exists'; END IF;
        RETURN 'exists-different';
    END IF;
    -- Locks in the order of ids, so that two transfers cannot wait for each other.
    IF p_debit < p_credit THEN
        SELECT * INTO d FROM accounts WHERE id = p_debit FOR NO KEY UPDATE;
        SELECT * INTO c FROM accounts WHERE id = p_credit FOR NO KEY UPDATE;
    ELSE
        SELECT * INTO c FROM accounts WHERE id = p_credit FOR NO KEY UPDATE;
        SELECT * INTO d FROM accounts WHERE id = p_debit FOR NO KEY UPDATE;
    END IF;
    IF d.id IS NULL OR c.id IS NULL THEN RETURN 'account-not-found'; END IF;
    IF d.ledger <> c.ledger THEN RETURN 'ledgers-differ'; END IF;
    SELECT * INTO l FROM ledgers WHERE id = d.ledger;
    IF l.status <> 1 THEN RETURN 'ledger-not-open'; END IF;
    IF l.sealed_through >= current_date THEN RETURN 'period-sealed'; END IF;
    IF d.status <> 0 THEN RETURN 'debit-account-status'; END IF;
    IF c.status = 2 THEN RETURN 'credit-account-closed'; END IF;
    IF d.owner <> p_actor THEN RETURN 'no-mandate'; END IF;
    IF d.debits_pending + d.debits_posted + p_amount > d.credits_posted + d.credit_limit THEN
        RETURN 'exceeds-credit-limit';
    END IF;
    IF c.credits_pending + c.credits_posted - c.debits_posted + p_amount > c.upper_limit THEN
        RETURN 'exceeds-upper-limit';
    END IF;
    UPDATE accounts SET debits_posted = debits_posted + p_amount WHERE id = p_debit;
    UPDATE accounts SET credits_posted = credits_posted + p_amount WHERE id = p_credit;
    INSERT INTO transfers VALUES (p_id, p_debit, p_credit, p_amount, p_code, current_date, now(), p_actor, NULL,
        d.credits_posted - d.debits_posted - p_amount, c.credits_posted + p_amount - c.debits_posted);
    RETURN 'ok';
END $$;

-- Ids of accounts are numbers as UUIDs; ids of transfers grow with time, as UUIDv7s do.
CREATE FUNCTION account_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$;
CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE AS
    $$ SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
        || substr(md5(random()::text), 1, 19))::uuid $$;
