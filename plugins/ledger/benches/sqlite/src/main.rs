//! The peer in SQLite: durable checked transfers, one connection, prepared statements, WAL, `synchronous=FULL`.
//!
//! One writer is all that SQLite has, so more clients would only wait for each other: what is measured is one thread
//! with one or many transfers in a transaction. With `FULL`, each commit in WAL mode syncs the log: acknowledged is
//! durable, as in the ledger. Statements are run from Rust, with nothing in between: no server, no sandbox, no journal
//! of its own beside the WAL.
//!
//! Usage: `sqlite-peer ACCOUNTS [SECONDS [BATCH…]]`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
type Id = [u8; 16];

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let accounts: u64 = words.next().map_or(Ok(10_000), |word| word.parse())?;
    let seconds: f64 = words.next().map_or(Ok(10.0), |word| word.parse())?;
    let mut batches = words.map(|word| word.parse()).collect::<std::result::Result<Vec<usize>, _>>()?;
    if batches.is_empty() {
        batches = vec![1, 1_024];
    }
    // On the disk of the checkout, not in memory.
    let folder = Folder::new()?;
    let mut db = open(&folder.0, accounts)?;
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    for skewed in [false, true] {
        for batch in &batches {
            let zipf = skewed.then(|| Zipf::new(accounts));
            let (done, took) = measure(&mut db, accounts, *batch, seconds, zipf.as_ref(), &mut chance)?;
            println!(
                "sqlite {} batch={batch} transfers/s={:.0}",
                if skewed { "skewed" } else { "uniform" },
                done as f64 / took.as_secs_f64()
            );
        }
    }
    let (rows, balanced): (u64, bool) = db.query_row(
        "SELECT (SELECT count(*) FROM transfers), sum(debits_posted) = sum(credits_posted) FROM accounts",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    println!("sqlite {} rows={rows} debits=credits {balanced}", rusqlite::version());
    if balanced { Ok(()) } else { Err("debits are not credits".into()) }
}

fn open(folder: &Path, accounts: u64) -> Result<Connection> {
    let db = Connection::open(folder.join("peer.sqlite"))?;
    // As much memory as the PostgreSQL peer has; the WAL is checkpointed by the writer, each 8,000 pages.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -1048576; PRAGMA wal_autocheckpoint = 8000;",
    )?;
    let kept: (String, u32) = db.query_row(
        "SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if kept != ("wal".to_owned(), 2) {
        return Err(format!("not durable as meant: {kept:?}").into());
    }
    db.execute_batch(include_str!("../schema.sql"))?;
    db.execute_batch("BEGIN")?;
    db.execute("INSERT INTO ledgers VALUES (?, 1, NULL)", [account(0)])?;
    for number in 1..=accounts {
        db.prepare_cached(
            "INSERT INTO accounts (id, ledger, owner, credit_limit, upper_limit) VALUES (?, ?, ?, 1000000000000000, 1000000000000000)",
        )?
        .execute(params![account(number), account(0), account(0)])?;
    }
    db.execute_batch("COMMIT; ANALYZE")?;
    Ok(db)
}

/// Transfers for so many seconds; how many were durable, in what time.
fn measure(
    db: &mut Connection,
    accounts: u64,
    batch: usize,
    seconds: f64,
    zipf: Option<&Zipf>,
    chance: &mut Chance,
) -> Result<(u64, Duration)> {
    let begun = Instant::now();
    let mut done = 0;
    while begun.elapsed().as_secs_f64() < seconds {
        db.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..batch {
            let mut pick = || match zipf {
                Some(zipf) => zipf.pick(chance),
                None => 1 + chance.next() % accounts,
            };
            let (debit, credit) = (pick(), pick());
            let order = Order {
                id: new_id(chance),
                debit: account(debit),
                credit: account(credit),
                amount: 1 + i64::try_from(debit % 100)?,
            };
            match transfer(db, &order)? {
                // As pgbench counts: a refused transfer between an account and itself is a transaction too.
                "ok" | "accounts-same" => {}
                why => return Err(format!("a transfer was refused: {why}").into()),
            }
            done += 1;
        }
        db.execute_batch("COMMIT")?;
    }
    Ok((done, begun.elapsed()))
}

struct Order {
    id: Id,
    debit: Id,
    credit: Id,
    amount: i64,
}

struct Account {
    ledger: Id,
    owner: Id,
    status: i64,
    credit_limit: Option<i64>,
    upper_limit: Option<i64>,
    debits_pending: i64,
    debits_posted: i64,
    credits_pending: i64,
    credits_posted: i64,
}

const CODE: i64 = 1;

/// One transfer, with all checks of `../postgres/schema.sql` in their order; the case's name.
fn transfer(db: &Connection, order: &Order) -> Result<&'static str> {
    let actor = account(0);
    if order.amount <= 0 {
        return Ok("amount-invalid");
    }
    if order.debit == order.credit {
        return Ok("accounts-same");
    }
    let before: Option<(Id, Id, i64, i64)> = db
        .prepare_cached("SELECT debit, credit, amount, code FROM transfers WHERE id = ?")?
        .query_row([order.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    if let Some(before) = before {
        let same = before == (order.debit, order.credit, order.amount, CODE);
        return Ok(if same { "exists" } else { "exists-different" });
    }
    let mut find = db.prepare_cached(
        "SELECT ledger, owner, status, credit_limit, upper_limit, debits_pending, debits_posted, credits_pending, \
         credits_posted FROM accounts WHERE id = ?",
    )?;
    let (Some(debit), Some(credit)) = (read(&mut find, order.debit)?, read(&mut find, order.credit)?) else {
        return Ok("account-not-found");
    };
    if debit.ledger != credit.ledger {
        return Ok("ledgers-differ");
    }
    let (status, sealed): (i64, bool) = db
        .prepare_cached(
            "SELECT status, coalesce(sealed_through >= date('now'), 0) FROM ledgers WHERE id = ?",
        )?
        .query_row([debit.ledger], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(refused) = check(order, &debit, &credit, status, sealed, actor) {
        return Ok(refused);
    }
    db.prepare_cached("UPDATE accounts SET debits_posted = debits_posted + ?2 WHERE id = ?1")?
        .execute(params![order.debit, order.amount])?;
    db.prepare_cached("UPDATE accounts SET credits_posted = credits_posted + ?2 WHERE id = ?1")?
        .execute(params![order.credit, order.amount])?;
    db.prepare_cached("INSERT INTO transfers VALUES (?, ?, ?, ?, ?, date('now'), ?, ?, NULL, ?, ?)")?
        .execute(params![
            order.id,
            order.debit,
            order.credit,
            order.amount,
            CODE,
            i64::try_from(since_1970().as_micros())?,
            actor,
            debit.credits_posted - debit.debits_posted - order.amount,
            credit.credits_posted + order.amount - credit.debits_posted,
        ])?;
    Ok("ok")
}

fn check(
    order: &Order,
    debit: &Account,
    credit: &Account,
    ledger_status: i64,
    sealed: bool,
    actor: Id,
) -> Option<&'static str> {
    let exceeds = |sum: i64, limit: Option<i64>, room: i64| limit.is_some_and(|limit| sum > limit + room);
    let checks = [
        (ledger_status != 1, "ledger-not-open"),
        (sealed, "period-sealed"),
        (debit.status != 0, "debit-account-status"),
        (credit.status == 2, "credit-account-closed"),
        (debit.owner != actor, "no-mandate"),
        (
            exceeds(
                debit.debits_pending + debit.debits_posted + order.amount,
                debit.credit_limit,
                debit.credits_posted,
            ),
            "exceeds-credit-limit",
        ),
        (
            exceeds(
                credit.credits_pending + credit.credits_posted - credit.debits_posted + order.amount,
                credit.upper_limit,
                0,
            ),
            "exceeds-upper-limit",
        ),
    ];
    checks.into_iter().find_map(|(refused, case)| refused.then_some(case))
}

fn read(find: &mut CachedStatement<'_>, id: Id) -> Result<Option<Account>> {
    let account = find.query_row([id], |row| {
        Ok(Account {
            ledger: row.get(0)?,
            owner: row.get(1)?,
            status: row.get(2)?,
            credit_limit: row.get(3)?,
            upper_limit: row.get(4)?,
            debits_pending: row.get(5)?,
            debits_posted: row.get(6)?,
            credits_pending: row.get(7)?,
            credits_posted: row.get(8)?,
        })
    });
    Ok(account.optional()?)
}

/// Ids of accounts are numbers; ids of transfers grow with time, as `UUIDv7`s do.
fn account(number: u64) -> Id {
    u128::from(number).to_be_bytes()
}

fn new_id(chance: &mut Chance) -> Id {
    let random = u128::from(chance.next()) << 64 | u128::from(chance.next());
    ((since_1970().as_millis() << 80) | (random & ((1 << 80) - 1))).to_be_bytes()
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Random numbers by splitmix64: the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Accounts by Zipf's law with exponent 1.5, as in `../postgres/skewed.pgbench`.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(accounts: u64) -> Self {
        let mut sum = 0.0;
        let sums = (1..=accounts).map(|rank| {
            sum += (rank as f64).powf(-1.5);
            sum
        });
        Self(sums.collect())
    }

    fn pick(&self, chance: &mut Chance) -> u64 {
        let total = self.0.last().copied().unwrap_or(0.0);
        let at = (chance.next() >> 11) as f64 / (1_u64 << 53) as f64 * total;
        self.0.partition_point(|sum| *sum <= at) as u64 + 1
    }
}

/// A folder that goes when the measuring is done.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../target");
        let path = root.join(format!("sqlite-peer-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: what stays lies under target/.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
