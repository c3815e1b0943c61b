//! T8, and instances that are kept.

use std::time::Duration;

use hamlet_kernel::{Call, CallError, fair::Bounds};

use crate::common::{Village, anna, berta, block_on, guest, guest_with, script, stateless};

/// Holds the sequencer up, once: by another function than those that wait, which would else be found long with it (T7).
fn spin() -> Call {
    Call::new(anna(), "first", "", "again", script(anna(), "first", "spin").arguments)
}

#[test]
fn t8_a_full_queue_says_busy_at_once() {
    let village = Village::with(|config| {
        config.limits.queue = Bounds { people: 8, background: 8, per_principal: 4 };
        config.limits.command_time = Duration::from_millis(300);
    });
    village.install(&guest("first-alone"));
    block_on(async {
        let call = |actor, line: &'static str| {
            let kernel = village.kernel.clone();
            tokio::spawn(async move { kernel.call(script(actor, "first", line)).await })
        };
        let kernel = village.kernel.clone();
        let slow = tokio::spawn(async move { kernel.call(spin()).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let begun = std::time::Instant::now();
        let waiting: Vec<_> = (0..6).map(|_| call(anna(), "add n 1")).collect();
        let other = call(berta(), "add n 1");
        let mut busy = 0;
        let mut done = 0;
        for task in waiting {
            match task.await.unwrap() {
                Err(CallError::Busy) => busy += 1,
                Ok(_) => done += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((done, busy), (4, 2), "her own share is full");
        assert!(other.await.unwrap().is_ok(), "another's is not");
        assert!(begun.elapsed() < Duration::from_secs(2));
        assert_eq!(slow.await.unwrap().unwrap_err().code(), "deadline");
    });
}

#[test]
fn t8_a_queued_command_runs_even_if_its_client_leaves() {
    let village = Village::with(|config| config.limits.command_time = Duration::from_millis(200));
    village.install(&guest("first-alone"));
    block_on(async {
        let kernel = village.kernel.clone();
        let slow = tokio::spawn(async move { kernel.call(spin()).await });
        tokio::time::sleep(Duration::from_millis(30)).await;
        let left = village.kernel.call(script(anna(), "first", "set a 1"));
        assert!(tokio::time::timeout(Duration::from_millis(30), left).await.is_err());
        slow.await.unwrap().unwrap_err();
    });
    village.eventually("the command", || village.get("first", "a") == "1");
}

#[test]
fn many_commands_share_a_batch() {
    let village = Village::with(|config| config.limits.command_time = Duration::from_millis(100));
    village.install(&guest("first-alone"));
    let before = village.kernel.head();
    block_on(async {
        let kernel = village.kernel.clone();
        let slow = tokio::spawn(async move { kernel.call(spin()).await });
        tokio::time::sleep(Duration::from_millis(30)).await;
        let tasks: Vec<_> = (0..500)
            .map(|_| {
                let kernel = village.kernel.clone();
                tokio::spawn(async move { kernel.call(script(anna(), "first", "add n 1")).await })
            })
            .collect();
        slow.await.unwrap().unwrap_err();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    assert!(village.kernel.head() - before < 100, "{} batches", village.kernel.head() - before);
    assert_eq!(village.run("first", "add n 0").unwrap(), "500");
}

#[test]
fn a_fresh_instance_a_call_unless_the_plugin_says_stateless() {
    let village = Village::empty();
    village.install(&guest("first-alone"));
    assert_eq!([0; 3].map(|_| village.run("first", "entered").unwrap()), ["1", "1", "1"]);
    let village = Village::empty();
    village.install(&guest_with("first-alone", stateless));
    let entered = [0; 3].map(|_| village.run("first", "entered").unwrap());
    assert_eq!(entered, ["1", "2", "3"]);
    village.doomed("first", "trap");
    assert_eq!(village.run("first", "entered").unwrap(), "1", "a trap drops the instance");
}

#[test]
fn a_stateless_plugin_on_the_stack_gets_another_instance_when_it_is_reentered() {
    let village = Village::empty();
    village.install(&guest("third"));
    village.install(&guest_with("first-alone", stateless));
    village.install(&guest_with("second", stateless));
    village.install(&guest_with("first", stateless));
    village.run("first", "entered").unwrap();
    assert_eq!(
        village.run("first", "entered; call second run [call first again [entered]]; entered").unwrap(),
        "2,1,2"
    );
}

#[test]
fn a_kept_instance_is_dropped_after_its_calls() {
    let village = Village::with(|config| config.limits.instance_calls = 3);
    village.install(&guest_with("first-alone", stateless));
    assert_eq!([0; 5].map(|_| village.run("first", "entered").unwrap()), ["1", "2", "3", "1", "2"]);
}

#[test]
fn shutting_down_finishes_what_waits_and_takes_no_more() {
    let village = Village::new();
    village.run("first", "set a 1").unwrap();
    village.kernel.shutdown();
    let error = village.kernel.call_blocking(script(anna(), "first", "set a 2")).unwrap_err();
    assert!(matches!(error, CallError::ShuttingDown));
}
