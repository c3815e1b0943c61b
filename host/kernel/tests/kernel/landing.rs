//! J2 through the kernel: a batch is made durable while the next one runs on top of it. Nobody is told of either before
//! it is durable, and the one on top falls with the one below.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hamlet_kernel::{CallError, Kernel, KernelConfig};
use hamlet_store::journal::{DiskFault, DiskOperation};
use parking_lot::{Condvar, Mutex};

use crate::common::{Villagers, anna, block_on, granting_all, guest, script, text};

/// A disk whose flushes wait for a sign, and fail if that says so.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    shut: bool,
    /// Flushes that wait.
    waiting: usize,
    fails: Option<DiskOperation>,
}

impl Gate {
    fn pass(&self, operation: DiskOperation) -> Option<io::Error> {
        let mut state = self.state.lock();
        if operation == DiskOperation::Write {
            state.waiting += 1;
            while state.shut {
                self.changed.wait(&mut state);
            }
            state.waiting -= 1;
        }
        (state.fails == Some(operation)).then(|| {
            state.fails = None;
            io::Error::other("on purpose")
        })
    }

    fn shut(&self) {
        self.state.lock().shut = true;
    }

    fn open(&self, fails: Option<DiskOperation>) {
        let mut state = self.state.lock();
        (state.shut, state.fails) = (false, fails);
        self.changed.notify_all();
    }

    fn is_waited_for(&self) -> bool {
        self.state.lock().waiting > 0
    }
}

fn open(dir: &std::path::Path, gate: &Arc<Gate>) -> Kernel {
    let mut config = KernelConfig::in_dir(dir);
    config.directory = Arc::new(Villagers);
    config.limits.background = false;
    // One command takes longer than a batch is filled for, and is let.
    config.limits.command_time = Duration::from_secs(5);
    let gate = Arc::clone(gate);
    config.store.disk_fault = Some(DiskFault(Arc::new(move |operation| gate.pass(operation))));
    Kernel::open(config).unwrap()
}

fn installed(dir: &std::path::Path, gate: &Arc<Gate>) -> Kernel {
    let kernel = open(dir, gate);
    let hash = kernel.stage(guest("first-alone")).unwrap();
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
    text(kernel.call_blocking(script(anna(), "first", "add n 0")).unwrap().result).unwrap()
}

/// A command that takes its time, and is sent off alone, for others have come behind it; and those, on top of it.
async fn in_two_batches(kernel: &Kernel, gate: &Gate) -> Vec<tokio::task::JoinHandle<bool>> {
    let commands = || kernel.metrics().commands.load(Ordering::Relaxed);
    let send = |line: &'static str| {
        let kernel = kernel.clone();
        tokio::spawn(async move {
            match kernel.call(script(anna(), "first", line)).await {
                Ok(answer) => {
                    answer.result.unwrap();
                    true
                }
                Err(CallError::Commit(_)) => false,
                Err(other) => panic!("{other:?}"),
            }
        })
    };
    gate.shut();
    let before = commands();
    let mut tasks = vec![send("repeat 100000 [get n]; add n 1")];
    while commands() == before {
        tokio::task::yield_now().await;
    }
    tasks.extend((0..8).map(|_| send("add n 1")));
    // They run, though the disk does nothing.
    while commands() < before + 9 || !gate.is_waited_for() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(tasks.iter().all(|task| !task.is_finished()), "nobody is told before the flush");
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
            assert!(told.iter().all(|done| !done), "{fails:?}: {told:?}");
        });
        assert_eq!(n(&kernel), "0", "readers never see it");
        let next = kernel.call_blocking(script(anna(), "first", "add n 1"));
        match next {
            Ok(answer) => assert!(goes_on && text(answer.result).unwrap() == "1"),
            Err(error) => assert!(!goes_on && matches!(error, CallError::Commit(_)), "{error:?}"),
        }
        kernel.shutdown();
        let kernel = open(dir.path(), &Arc::new(Gate::default()));
        let found: u32 = n(&kernel).parse().unwrap();
        // What was written and not flushed may be there, as a whole; what ran on top never is.
        assert!(if goes_on { found == 1 } else { found <= 1 }, "{fails:?}: {found}");
        kernel.shutdown();
    }
}
