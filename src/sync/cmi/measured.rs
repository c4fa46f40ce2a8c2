//! The measurements of the last whole run, in a file: the connector is no service that could be asked for them.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use chrono::NaiveDateTime;

use super::RunSummary;
use crate::error::{Error, Result};

/// Writes the measurements of a run that ended now. The file is whole at each moment.
pub fn write(file: &Path, system: &str, told: &RunSummary, (now, took): (NaiveDateTime, Duration)) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::Configuration(format!("--metrics: cannot write {}: {}", file.display(), error.kind()))
    };
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut whole = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    whole.write_all(text(system, told, (now, took)).as_bytes()).map_err(failed)?;
    // Another account's collector reads it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        whole.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(failed)?;
    }
    whole.persist(file).map(drop).map_err(|error| failed(error.error))
}

fn text(system: &str, told: &RunSummary, (now, took): (NaiveDateTime, Duration)) -> String {
    let system = system.replace('\\', "\\\\").replace('"', "\\\"");
    let gauge = |name: &str, help: &str, value: String| {
        format!(
            "# HELP aufsicht_sync_{name} {help}\n# TYPE aufsicht_sync_{name} gauge\naufsicht_sync_{name}{{system=\"{system}\"}} {value}\n"
        )
    };
    let count = |name: &str, help: &str, value: usize| gauge(name, help, value.to_string());
    [
        gauge("last_run_timestamp_seconds", "When the last whole run ended.", now.and_utc().timestamp().to_string()),
        gauge("last_run_duration_seconds", "How long the last whole run took.", format!("{:.3}", took.as_secs_f64())),
        count("last_run_found", "Matters that the last whole run found.", told.found),
        count("last_run_created", "Records that it created.", told.created),
        count("last_run_updated", "Records that it changed.", told.updated),
        count("last_run_failed", "Matters that it did not keep.", told.failed.len()),
        count("last_run_gone", "Matters that are not there any more.", told.gone.len()),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measurement_has_its_help_and_type() {
        let told = RunSummary { found: 3, created: 2, ..RunSummary::default() };
        let now = "2017-03-14T09:30:00".parse().unwrap();
        let text = text("a\"b", &told, (now, Duration::from_millis(1500)));
        assert!(text.contains("aufsicht_sync_last_run_timestamp_seconds{system=\"a\\\"b\"} 1489483800\n"), "{text}");
        assert!(text.contains("aufsicht_sync_last_run_duration_seconds{system=\"a\\\"b\"} 1.500\n"), "{text}");
        assert_eq!(text.lines().count(), 21);
    }
}
