//! Measurements of the database of record keys: what is asked of it, and how long that takes.

use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::db::has_failed;
use crate::error::Result;

/// The bounds of the times, in seconds.
const TIMES: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
    result: &'static str,
}

/// The measurements of a service.
#[derive(Clone)]
pub struct KeyMeasures {
    durations: Family<OperationLabels, Histogram, fn() -> Histogram>,
}

impl Default for KeyMeasures {
    fn default() -> Self {
        KeyMeasures { durations: Family::new_with_constructor(|| Histogram::new(TIMES)) }
    }
}

impl KeyMeasures {
    /// Enters them in a registry.
    pub fn register(&self, registry: &mut Registry) {
        let help = "How long reads and writes of the keys of records took";
        registry.register("operation_seconds", help, self.durations.clone());
    }

    pub(super) async fn timed<T>(&self, operation: &'static str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let begun = Instant::now();
        let done = work.await;
        let result = if has_failed(&done) { "failed" } else { "done" };
        let labels = OperationLabels { operation, result };
        self.durations.get_or_create(&labels).observe(begun.elapsed().as_secs_f64());
        done
    }
}
