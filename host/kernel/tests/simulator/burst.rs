//! Commands that come together: some fill a batch that is made durable while the others run on top of it (J2). Then the
//! disk may fail, and whatever was on top falls with what it stood on; nobody of either is told `ok`.
//!
//! The gate at the disk makes it a matter of the seed who is in which batch: the first command is held in its own
//! write until all others wait; half of those are then sent off and held, until the other half has run.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hamlet_kernel::{Answer, CallError};
use hamlet_store::disk::simulated::Change;

use super::{Sent, World};

/// Most commands behind the first one of a burst.
const BEHIND_MAX: u64 = 9;

type Answered = Result<Answer, CallError>;

/// A command on its way.
struct Asked {
    sent: Sent,
    future: Pin<Box<dyn Future<Output = Answered>>>,
    answer: Option<Answered>,
}

impl Asked {
    /// Whether it is answered. The first look is what sends it.
    fn look(&mut self) -> bool {
        if self.answer.is_none()
            && let Poll::Ready(answer) = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            self.answer = Some(answer);
        }
        self.answer.is_some()
    }
}

fn all_answered(asked: &mut [Asked]) -> bool {
    // Each of them is looked at, for that is what sends it.
    asked.iter_mut().filter_map(|one| (!one.look()).then_some(())).count() == 0
}

fn wait_until(mut so: impl FnMut() -> bool) {
    while !so() {
        std::thread::sleep(Duration::from_micros(50));
    }
}

impl World {
    pub fn burst(&mut self) {
        let kernel = self.kernel.clone().unwrap();
        let ran = || kernel.metrics().commands.load(Ordering::Relaxed);
        let ask = |sent: Sent| {
            let (kernel, call) = (kernel.clone(), sent.call());
            Asked { sent, future: Box::pin(async move { kernel.call(call).await }), answer: None }
        };
        let behind = 2 + self.random.below(BEHIND_MAX - 1);
        // All of them first: they move the clock.
        let sent: Vec<Sent> = (0..=behind).map(|_| self.next_command()).collect();
        self.tell(format!("a burst of {}", sent.len()));
        let before = ran();
        self.gate.shut();
        let mut asked: Vec<Asked> = sent.into_iter().map(ask).collect();
        let Some((first, others)) = asked.split_first_mut() else { return };
        let gate = self.gate.clone();
        wait_until(|| first.look() || gate.is_waited_for());
        if first.answer.is_none() {
            all_answered(others);
            gate.let_one_through();
            // The second write waits with half of them, and the rest has run; or nothing more is to be written.
            wait_until(|| all_answered(others) || (gate.is_waited_for() && ran() > before + behind));
            if gate.is_waited_for() {
                self.seen.bursts += 1;
                self.something_may_fail();
            }
        }
        gate.open(None);
        wait_until(|| all_answered(&mut asked));
        for Asked { sent, answer, .. } in asked {
            self.seen.fallen += u64::from(matches!(answer, Some(Err(CallError::Commit(_)))));
            self.answered(sent, answer.unwrap());
        }
    }

    fn something_may_fail(&mut self) {
        match self.random.below(6) {
            0 => self.fault(Change::Write),
            1 => self.fault(Change::Flush),
            2 => {
                self.tell("the power will go");
                self.faulted = true;
                self.disk.cut_power_after(self.random.below(4));
            }
            3 => {
                self.tell("the disk is full");
                self.faulted = true;
                self.disk.set_room(self.disk.used());
            }
            _ => {}
        }
    }
}
