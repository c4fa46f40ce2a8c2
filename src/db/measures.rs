//! Measurements of a writer, for those who watch the service.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The bounds of the times of a writer, in seconds.
const TIMES: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// The bounds of the sizes of groups.
const SIZES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// The measurements of a writer.
#[derive(Clone)]
pub struct WriterMeasures {
    group_size: Histogram,
    turn: Histogram,
    commit: Histogram,
    unkept: Counter,
    connections: Counter,
}

impl Default for WriterMeasures {
    fn default() -> Self {
        WriterMeasures {
            group_size: Histogram::new(SIZES),
            turn: Histogram::new(TIMES),
            commit: Histogram::new(TIMES),
            unkept: Counter::default(),
            connections: Counter::default(),
        }
    }
}

impl WriterMeasures {
    /// Enters them in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("group_size", "Writes that shared a commit", self.group_size.clone());
        registry.register("turn_seconds", "How long a group waited for the lock of writers", self.turn.clone());
        registry.register("commit_seconds", "How long a group took to be kept", self.commit.clone());
        registry.register("groups_failed", "Groups that were not kept, or of which nobody knows", self.unkept.clone());
        registry.register("connections", "Connections that the writer has made", self.connections.clone());
    }

    /// A group of so many writes got its turn.
    pub(super) fn begun(&self, size: usize, waited: Duration) {
        self.group_size.observe(size as f64);
        self.turn.observe(waited.as_secs_f64());
    }

    pub(super) fn committed(&self, took: Duration) {
        self.commit.observe(took.as_secs_f64());
    }

    pub(super) fn failed(&self) {
        self.unkept.inc();
    }

    pub(super) fn connected(&self) {
        self.connections.inc();
    }
}
