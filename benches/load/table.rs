//! The table of results, and what it says beside the one of the run before.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::http::Measured;

/// The rows of a run.
pub struct Table {
    file: PathBuf,
    before: Value,
    rows: Map<String, Value>,
    /// Requests a second of the reference.
    pub reference: f64,
    pub failed: bool,
}

impl Table {
    pub fn new(name: &str) -> Table {
        let file = super::service::directory().join(format!("results-{name}.json"));
        let before = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        println!(
            "\n{:<40} {:>10} {:>9} {:>9} {:>9} {:>9} {:>8}",
            name, "per s", "p50 ms", "p99 ms", "% of ref", "CPU us", "before"
        );
        Table { file, before, rows: Map::new(), reference: 0.0, failed: false }
    }

    /// A row of requests.
    pub fn requests(&mut self, name: &str, measured: &Measured, cpu: f64) {
        let rate = measured.rate();
        if self.reference == 0.0 {
            self.reference = rate;
        }
        let (share, cpu) = (100.0 * rate / self.reference, cpu * 1e6 / measured.micros.len().max(1) as f64);
        println!(
            "{name:<40} {rate:>10.0} {:>9.2} {:>9.2} {share:>9.1} {cpu:>9.0} {:>8}",
            measured.percentile(0.5),
            measured.percentile(0.99),
            self.change(name, rate)
        );
        if measured.failures > 0 {
            self.failed = true;
            println!("    {} failed, such as: {}", measured.failures, measured.failure);
        }
        let row = json!({"value": rate, "p50_ms": measured.percentile(0.5), "p99_ms": measured.percentile(0.99), "share": share});
        self.rows.insert(name.into(), row);
    }

    /// A row with one figure.
    pub fn figure(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<40} {value:>10.2} {unit:<39} {:>8}", self.change(name, value));
        self.rows.insert(name.into(), json!({"value": value, "unit": unit}));
    }

    fn change(&self, name: &str, value: f64) -> String {
        match self.before[name]["value"].as_f64() {
            Some(before) if before > 0.0 => format!("{:+.0}%", 100.0 * (value / before - 1.0)),
            _ => "-".into(),
        }
    }

    /// Keeps the results for the next run. Rows that were not measured stay as they were.
    pub fn keep(self) -> bool {
        let mut all = self.before.as_object().cloned().unwrap_or_default();
        all.extend(self.rows);
        std::fs::write(&self.file, serde_json::to_vec_pretty(&all).unwrap()).unwrap();
        println!("\nkept in {}", self.file.display());
        self.failed
    }
}
