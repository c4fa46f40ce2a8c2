//! Anchors in a file: once a day the service adds one, for a place that its database's administrators do not write to.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::NaiveDate;

use super::trail::{self, Anchor};
use crate::api::App;
use crate::auth::chain;
use crate::error::{Error, Result};

/// The interval at which it is checked whether a day has begun.
const TICK: Duration = Duration::from_secs(1);

/// Starts to write anchors to the file of the settings, if there is one; ends when the service stops.
pub fn start(app: Arc<App>) -> Result<Option<JoinHandle<()>>> {
    let Some(file) = app.config.anchor_file.clone() else { return Ok(None) };
    let mut last = read(&file)?.last().and_then(|anchor| anchor.at.get(..10)?.parse().ok());
    let work = move || actix_web::rt::System::new().block_on(follow(app, file, &mut last));
    let thread = std::thread::Builder::new().name("anchors".into()).spawn(work);
    thread.map(Some).map_err(|error| Error::Configuration(format!("cannot start a thread: {error}")))
}

async fn follow(app: Arc<App>, file: PathBuf, last: &mut Option<NaiveDate>) {
    let mut stopping = app.stopping.subscribe();
    loop {
        let today = app.clock.now().date();
        if *last != Some(today) {
            match append(&app, &file).await {
                Ok(()) => *last = Some(today),
                Err(error) => log::error!("no anchor of the audit trail was written: {error}"),
            }
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => break,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

async fn append(app: &Arc<App>, file: &Path) -> Result<()> {
    let log = app.access_log.read_primary(chain::head).await?;
    let end = app.database.read_primary(trail::head).await?;
    let anchor = Anchor::new(end, log, &app.purposes, app.clock.now());
    let line = serde_json::to_string(&anchor).map_err(|error| Error::Internal(error.to_string()))?;
    let written = std::fs::OpenOptions::new().create(true).append(true).open(file).and_then(|mut file| {
        writeln!(file, "{line}")?;
        file.sync_all()
    });
    written.map_err(|error| failed(file, &error))
}

/// The anchors of a file, one after the other; none when there is no file yet.
pub fn read(file: &Path) -> Result<Vec<Anchor>> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|error| failed(file, &error))?,
    };
    let anchors =
        serde_json::Deserializer::from_str(&text).into_iter().collect::<std::result::Result<Vec<Anchor>, _>>();
    anchors.map_err(|_| failed(file, &"holds something that is no anchor"))
}

fn failed(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Configuration(format!("{}: {error}", file.display()))
}
