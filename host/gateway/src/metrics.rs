//! Counters of one community's requests, and all its numbers as Prometheus text.
//!
//! No label names a person, a token, an address or another community.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hamlet_kernel::Kernel;
use hamlet_kernel::metrics::{BATCH_SIZE_BOUNDS, COMMIT_MICROS_BOUNDS};
use http::StatusCode;

/// Upper bounds of the histogram of answers, in microseconds; the last bucket has none.
const TOOK_MICROS_BOUNDS: [u64; 10] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 1_000_000];

/// Counters of requests. Plain atomics; exact only when nothing is under way.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// By the first digit of the status.
    statuses: [AtomicU64; 6],
    limited: AtomicU64,
    took: [AtomicU64; 11],
    took_micros: AtomicU64,
}

impl Counters {
    pub fn observe(&self, status: StatusCode, took: Duration) {
        if let Some(counter) = self.statuses.get(usize::from(status.as_u16() / 100)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = TOOK_MICROS_BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(counter) = self.took.get(bucket) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.took_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// A request was refused because there were too many.
    pub fn count_limited(&self) {
        self.limited.fetch_add(1, Ordering::Relaxed);
    }
}

/// All numbers of one community.
pub(crate) fn render(counters: &Counters, kernel: &Kernel) -> String {
    let mut text = Text::default();
    text.head("hamlet_http_requests_total", "counter", "Answers by class of status.");
    for (class, counter) in counters.statuses.iter().enumerate().skip(2) {
        let value = counter.load(Ordering::Relaxed);
        text.line(format_args!("hamlet_http_requests_total{{status=\"{class}xx\"}} {value}"));
    }
    text.number(
        "hamlet_http_limited_total",
        "counter",
        "Requests refused by rate.",
        counters.limited.load(Ordering::Relaxed),
    );
    let buckets: Vec<u64> = counters.took.iter().map(|counter| counter.load(Ordering::Relaxed)).collect();
    let sum = counters.took_micros.load(Ordering::Relaxed);
    text.seconds("hamlet_http_answer_seconds", "Time to an answer.", &TOOK_MICROS_BOUNDS, &buckets, sum);
    kernel_numbers(&mut text, kernel);
    text.0
}

fn kernel_numbers(text: &mut Text, kernel: &Kernel) {
    let now = kernel.metrics().snapshot();
    for (name, help, value) in [
        ("hamlet_commands_total", "Commands that were run.", now.commands),
        ("hamlet_queries_total", "Queries that were run.", now.queries),
        ("hamlet_nested_calls_total", "Calls of plugins by plugins.", now.nested),
        ("hamlet_errs_total", "Commands that answered an error of their own.", now.errs),
        ("hamlet_replays_total", "Answers kept from an earlier run with the same key.", now.replays),
        ("hamlet_traps_total", "Plugins that failed.", now.traps),
        ("hamlet_deadlines_total", "Calls that ran out of time.", now.deadlines),
        ("hamlet_busy_total", "Calls refused because too much was waiting.", now.busy),
        ("hamlet_faults_total", "Faults of the host itself.", now.internal),
        ("hamlet_batches_total", "Commits.", now.batches),
        ("hamlet_commit_failures_total", "Commits that failed.", now.commit_failures),
        ("hamlet_instances_total", "Instances of plugins that were made.", now.instances),
        ("hamlet_instance_reuses_total", "Calls that reused an instance.", now.instance_reuses),
    ] {
        text.number(name, "counter", help, value);
    }
    text.number("hamlet_sequence", "gauge", "The newest durable batch.", kernel.head());
    let (sizes, commands) = now.batch_size;
    text.histogram("hamlet_batch_commands", "Commands a batch.", &BATCH_SIZE_BOUNDS, &sizes, commands);
    let (commits, micros) = now.commit_micros;
    text.seconds("hamlet_commit_seconds", "Time of a commit.", &COMMIT_MICROS_BOUNDS, &commits, micros);
}

/// Prometheus text. Writing into a `String` cannot fail.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{line}");
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn number(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.head(name, kind, help);
        self.line(format_args!("{name} {value}"));
    }

    fn histogram(&mut self, name: &str, help: &str, bounds: &[u64], buckets: &[u64], sum: u64) {
        self.head(name, "histogram", help);
        let mut total = 0;
        for (bound, count) in bounds.iter().zip(buckets) {
            total += count;
            self.line(format_args!("{name}_bucket{{le=\"{bound}\"}} {total}"));
        }
        self.end(name, buckets.iter().sum(), format_args!("{sum}"));
    }

    /// A histogram of microseconds, shown in seconds.
    fn seconds(&mut self, name: &str, help: &str, bounds_micros: &[u64], buckets: &[u64], micros: u64) {
        self.head(name, "histogram", help);
        let mut total = 0;
        for (bound, count) in bounds_micros.iter().zip(buckets) {
            total += count;
            self.line(format_args!("{name}_bucket{{le=\"{}\"}} {total}", as_seconds(*bound)));
        }
        self.end(name, buckets.iter().sum(), format_args!("{}", as_seconds(micros)));
    }

    fn end(&mut self, name: &str, count: u64, sum: std::fmt::Arguments<'_>) {
        self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}"));
        self.line(format_args!("{name}_sum {sum}"));
        self.line(format_args!("{name}_count {count}"));
    }
}

fn as_seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}
