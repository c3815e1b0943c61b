//! J2 through the kernel: a batch is made durable while the next one runs on top of it. Nobody is told of either before
//! it is durable, and the one on top falls with the one below.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hamlet_kernel::{CallError, Kernel, KernelConfig};
use hamlet_store::journal::DiskOperation;

use crate::common::{Villagers, anna, block_on, granting_all, guest, script, text};
use crate::gate::Gate;

fn open(dir: &std::path::Path, gate: &Arc<Gate>) -> Kernel {
    let mut config = KernelConfig::in_dir(dir);
    config.directory = Arc::new(Villagers);
    config.limits.background = false;
    // However slow this box is: half of those who wait make a batch, and no other limit does.
    config.limits.command_time = Duration::from_secs(30);
    config.limits.batch_time = Duration::from_secs(30);
    config.store.disk_fault = Some(gate.fault());
    Kernel::open(config).unwrap()
}

fn installed(dir: &std::path::Path, gate: &Arc<Gate>) -> Kernel {
    let kernel = open(dir, gate);
    let hash = kernel.stage(&guest("first-alone")).unwrap();
    let call = hamlet_kernel::Call::new(
        hamlet_kernel::Actor::Console,
        "host",
        "plugins",
        "activate",
        granting_all(hash),
    );
    kernel.call_blocking(call).unwrap().result.unwrap();
    kernel
}

fn n(kernel: &Kernel) -> String {
    let dry = block_on(kernel.dry_run(script(anna(), "first", "add n 0"))).unwrap();
    text(dry.result).unwrap()
}

/// One command that is made durable, and eight that come while it is: half of those are sent off, and wait at the gate;
/// the others run on top of them.
async fn in_two_batches(kernel: &Kernel, gate: &Gate) -> Vec<tokio::task::JoinHandle<bool>> {
    let commands = || kernel.metrics().commands.load(Ordering::Relaxed);
    let send = || {
        let kernel = kernel.clone();
        tokio::spawn(async move {
            match kernel.call(script(anna(), "first", "add n 1")).await {
                Ok(answer) => {
                    answer.result.unwrap();
                    true
                }
                Err(CallError::Commit(_)) => false,
                Err(other) => panic!("{other:?}"),
            }
        })
    };
    let a_moment = || tokio::time::sleep(Duration::from_millis(1));
    gate.shut();
    let before = commands();
    let mut tasks = vec![send()];
    while !gate.is_waited_for() {
        a_moment().await;
    }
    tasks.extend((0..8).map(|_| send()));
    while kernel.waiting() < 8 {
        a_moment().await;
    }
    gate.let_one_through();
    // They run, though the disk does nothing.
    while commands() < before + 9 || !gate.is_waited_for() {
        a_moment().await;
    }
    assert!(tasks.iter().skip(1).all(|task| !task.is_finished()), "nobody is told before the flush");
    tasks
}

async fn all(tasks: Vec<tokio::task::JoinHandle<bool>>) -> Vec<bool> {
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

#[test]
fn j2_commands_run_while_others_are_made_durable_and_all_are_told_after_their_own_flush() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::new(Gate::default()));
    let kernel = installed(dir.path(), &gate);
    block_on(async {
        let tasks = in_two_batches(&kernel, &gate).await;
        gate.open(None);
        assert!(all(tasks).await.into_iter().all(|done| done));
    });
    assert_eq!(n(&kernel), "9");
    kernel.shutdown();
}

#[test]
fn j2_what_ran_on_a_batch_that_failed_is_refused_with_it_and_none_of_it_is_there() {
    for (fails, goes_on) in [(DiskOperation::Write, true), (DiskOperation::Flush, false)] {
        let (dir, gate) = (tempfile::tempdir().unwrap(), Arc::new(Gate::default()));
        let kernel = installed(dir.path(), &gate);
        block_on(async {
            let tasks = in_two_batches(&kernel, &gate).await;
            gate.open(Some(fails));
            let told = all(tasks).await;
            let [first, others @ ..] = &*told else { panic!("nobody was told") };
            assert!(*first && others.iter().all(|done| !done), "{fails:?}: {told:?}");
        });
        assert_eq!(n(&kernel), "1", "nobody sees what failed");
        let next = kernel.call_blocking(script(anna(), "first", "add n 1"));
        match next {
            Ok(answer) => assert!(goes_on && text(answer.result).unwrap() == "2"),
            Err(error) => assert!(!goes_on && matches!(error, CallError::Commit(_)), "{error:?}"),
        }
        kernel.shutdown();
        drop(kernel);
        let kernel = open(dir.path(), &Arc::new(Gate::default()));
        let found: u32 = n(&kernel).parse().unwrap();
        // What was written and not flushed may be there, as a whole; what ran on top of it never is.
        assert!(if goes_on { found == 2 } else { [1, 5].contains(&found) }, "{fails:?}: {found}");
        kernel.shutdown();
    }
}
