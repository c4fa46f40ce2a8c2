//! The proof of the database from the command line, and the anchors that are kept for it.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use chrono::NaiveDateTime;

use super::{access_log, code, done, say};
use crate::admin::verify;
use crate::audit::access_chain;
use crate::audit::anchors;
use crate::audit::trail::{self, Anchor};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::seal::{Keys, PurposeKeys};
use crate::statistics::publications;
use crate::{db, seal};

/// Prints an anchor of the audit trail.
pub fn anchor(config: &Config) -> Result<ExitCode> {
    let log = access_chain::head(&mut access_log(config)?)?;
    let (mut db, now) = (db::connect(&config.database)?, Clock::system().now());
    let keys = seal::keys_for(&mut db, config)?;
    let keys = PurposeKeys::of(&mut db, &keys, now)?;
    let anchor = Anchor::new(trail::head(&mut db)?, log, &keys, now);
    done(&serde_json::to_string(&anchor).map_err(|error| Error::Internal(error.to_string()))?)
}

/// Proves the database, also against the anchors in a file, and names every difference.
pub fn verify(config: &Config, anchor: Option<&Path>) -> Result<ExitCode> {
    let mut db = db::connect(&config.database)?;
    let keys = seal::keys_for(&mut db, config)?;
    let (mut log, now) = (access_log(config)?, Clock::system().now());
    let mut differences = verify::verify(&mut db, &mut log, &keys, now)?;
    for note in publications::unlisted(&mut db, &Profile::of(&config.profile)?.layouts)? {
        let _ = writeln!(std::io::stderr(), "aufsicht: {note}");
    }
    let unused = verify::record_keys::unused(&mut db, &keys)?;
    if unused > 0 {
        let _ = writeln!(
            std::io::stderr(),
            "aufsicht: {unused} keys of records seal nothing: they were made for writes that were not kept; `aufsicht seal sweep` takes them"
        );
    }
    if let Some(file) = anchor {
        differences.extend(differences_from_anchors(&mut db, &mut log, &keys, file, now)?);
    }
    for difference in &differences {
        say(difference)?;
    }
    if differences.is_empty() {
        say("Records, history, change feed, search, cube and audit trail agree.")?;
    }
    Ok(code(differences.is_empty()))
}

/// The differences of the audit trail and the access log from the anchors in a file.
fn differences_from_anchors(
    db: &mut db::Db,
    log: &mut db::Db,
    keys: &Keys,
    file: &Path,
    now: NaiveDateTime,
) -> Result<Vec<String>> {
    let failed = |why: &str| Error::Configuration(format!("{}: {why}", file.display()));
    let anchors = anchors::read(file)?;
    if anchors.is_empty() {
        return Err(failed("holds no anchor"));
    }
    let signing = PurposeKeys::held(db, keys)?;
    let mut differences = Vec::new();
    for anchor in &anchors {
        if !signing.as_ref().is_some_and(|keys| anchor.is_signed(keys)) {
            return Err(failed("was not signed with this service's key"));
        }
        differences.extend(trail::difference_from_anchor(db, anchor)?);
        if let Some(link) = &anchor.access_log {
            differences.extend(access_chain::difference_from_anchor(log, link, now)?);
        }
    }
    Ok(differences)
}
