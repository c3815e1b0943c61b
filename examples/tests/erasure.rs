//! C6: Rosa leaves and is erased. A marker in her name, in a memo of hers and in a file about her is in no file of
//! the box, in no fresh backup and in no older one that is restored; and no proof breaks.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use hamlet_backup::age::{Identity as Key, Reader};
use hamlet_backup::{Plan, PlanFile, read_keys, restore};
use hamlet_identity::Identity;
use hamlet_kernel::{Actor, Kernel, KernelConfig, ReceiptFor};
use hamlet_reflect::Id;
use hamlet_testing::{Value, json};

use crate::common::{Market, code_cache, hex};

const MARKER: &str = "rosa-owes-the-miller-seventeen-goats";

/// The files below a folder that hold the marker; redb's free pages, segments' ends and all.
fn holding(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path));
        } else if fs::read(&path).unwrap().windows(MARKER.len()).any(|window| window == MARKER.as_bytes()) {
            found.push(path);
        }
    }
    found
}

fn opened(file: &Path, key: &Key) -> Vec<u8> {
    let mut bytes = Vec::new();
    Reader::new(fs::File::open(file).unwrap(), key).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn open(home: &Path) -> Kernel {
    let mut config = KernelConfig::in_dir(home);
    config.cache_dir = Some(code_cache().join("code"));
    Identity::new().register(&mut config);
    Kernel::open(config).unwrap()
}

fn memos(market: &Market, who: &str, account: u64) -> Vec<Value> {
    let asked = json!({ "account": hex(account), "filter": {}, "limit": 0 });
    let page = market.ok(who, "ledger", "statement", asked);
    page["lines"].as_array().unwrap().iter().map(|line| line["transfer"]["memo"].clone()).collect()
}

#[test]
fn c6_after_an_erasure_a_marker_in_name_memo_and_file_is_nowhere_and_no_proof_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let market = Market::open_in(Some(home.clone()));
    let kernel = market.0.kernel().clone();
    let rosa: Id = market.id("rosa").parse().unwrap();
    market.ok("rosa", "host", "members.rename", json!({ "party": rosa.to_string(), "name": MARKER }));
    let payment = json!({
        "id": hex(901), "payer": "rosas", "payee": "till", "unit": "LEAF", "amount": "3.00", "memo": MARKER,
    });
    market.ok("rosa", "ledger", "pay", payment);
    let paid = kernel.head();
    let (file, _) = kernel.put_blob_for(rosa, &mut MARKER.repeat(3_000).as_bytes()).unwrap();
    assert_eq!(memos(&market, "rosa", crate::common::ROSAS), [json!(MARKER)]);

    let key = Key::generate().unwrap();
    let plan = PlanFile { recipients: vec![key.recipient().to_string()], ..PlanFile::default() };
    fs::write(home.join("community.toml"), "").unwrap();
    let plan = Plan::new(&home, "market.example", &plan).unwrap();
    let older = plan.write(&kernel, &folder.path().join("older.age")).unwrap();
    let checkpoint = kernel.checkpoint().unwrap();
    let receipt = kernel.receipt(paid, 0, ReceiptFor::Holder).unwrap();

    market.ok("steward", "host", "members.remove", json!({ "party": rosa.to_string() }));
    market.ok("steward", "host", "members.erase", json!({ "party": rosa.to_string() }));
    assert!(kernel.export_blob(&file, &mut Vec::new()).is_err());
    receipt.verify(&kernel.log_verifier()).unwrap();
    kernel.consistency_since(&checkpoint).unwrap().verify(&kernel.log_verifier()).unwrap();
    kernel.receipt(paid, 0, ReceiptFor::Holder).unwrap().verify(&kernel.log_verifier()).unwrap();

    let fresh = plan.write(&kernel, &folder.path().join("fresh.age")).unwrap();
    for (name, backup) in [("fresh", &fresh.file), ("older", &older.file)] {
        let keys = read_keys(&fresh.keys, &key).unwrap();
        let restored = restore(backup, &key, Some(keys), &[], &folder.path().join(name)).unwrap();
        assert_eq!(restored.verified.findings, []);
        let bytes = opened(backup, &key);
        assert!(!bytes.windows(MARKER.len()).any(|window| window == MARKER.as_bytes()), "{name}");
        // Her key is there no more: as the host has it, and as the restored folder has it.
        let again = open(&folder.path().join(name));
        let who = json!({ "party": rosa.to_string() });
        let found = again.call_json(Actor::Console, "host", "members", "get", &who).unwrap().unwrap();
        assert_eq!(found["name"], "", "{name}");
        assert!(again.export_blob(&file, &mut Vec::new()).is_err(), "{name}");
        again.shutdown();
    }
    kernel.shutdown();
    drop((market, kernel));
    assert_eq!(holding(folder.path()), Vec::<PathBuf>::new());
    fs::write(folder.path().join("note"), MARKER).unwrap();
    assert_eq!(holding(folder.path()).len(), 1, "the test looks in the right place");
}
