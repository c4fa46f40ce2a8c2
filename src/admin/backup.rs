//! Backups of the embedded databases: consistent while the service runs, encrypted for a recipient, never restored over
//! anything. A backup is a tar archive in an age file, so that it can be opened without this program too
//! (`age -d -i KEY FILE | tar x`). PostgreSQL has tools of its own.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use age::x25519;
use tempfile::NamedTempFile;

use crate::audit::trail;
use crate::config::{DatabaseSettings, Target};
use crate::context::OperationContext;
use crate::db::{self, Db};
use crate::digest;
use crate::error::{Error, Result};
use crate::registers;

/// The databases that a backup is of. Keys of records are never in one with what they seal: a copy of the keys makes an erasure
/// incomplete for as long as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupOf {
    /// The data, and the log of disclosures.
    Data,
    /// The keys of records.
    RecordKeys,
}

impl BackupOf {
    /// The databases as they are called in the archive, each with its file.
    fn files(self, settings: &DatabaseSettings) -> Result<Vec<(&'static str, PathBuf)>> {
        let path = |target: Target| match target {
            Target::Sqlite(path) => Ok(PathBuf::from(path)),
            _ => refuse(
                "this is for SQLite; a PostgreSQL database is backed up with pg_dump and restored with pg_restore",
            ),
        };
        match self {
            BackupOf::Data => Ok(vec![
                ("aufsicht.sqlite3", path(settings.target()?)?),
                ("access-log.sqlite3", path(settings.access_log()?)?),
            ]),
            BackupOf::RecordKeys => match settings.record_keys()? {
                Some(target) => Ok(vec![("record-keys.sqlite3", path(target)?)]),
                None => refuse("there are no keys of records: AUFSICHT_RECORD_KEYS_URL says where they are"),
            },
        }
    }

    /// The action in the words of the audit trail.
    fn action(self) -> &'static str {
        match self {
            BackupOf::Data => "TAKEN",
            BackupOf::RecordKeys => trail::KEYS_TAKEN,
        }
    }
}

fn refuse<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::Configuration(text.into()))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.display().to_string();
    move |error| Error::Configuration(format!("{path}: {error}"))
}

/// The directory that a file lies in.
fn directory(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a new key to a file that only its user can read, and returns the recipient that backups are encrypted for.
pub fn new_key(file: &Path) -> Result<String> {
    use std::os::unix::fs::OpenOptionsExt;
    let key = x25519::Identity::generate();
    let mut options = std::fs::OpenOptions::new();
    let mut opened = options.write(true).create_new(true).mode(0o600).open(file).map_err(failed(file))?;
    opened.write_all(key.to_string().expose_secret().as_bytes()).map_err(failed(file))?;
    opened.write_all(b"\n").and_then(|()| opened.sync_all()).map_err(failed(file))?;
    Ok(key.to_public().to_string())
}

/// Records that data or keys leave the service: in which file, and, by a digest, for whom it is encrypted.
fn record(
    settings: &DatabaseSettings,
    (of, file): (BackupOf, &Path),
    recipients: &[String],
    by: &OperationContext,
) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let digest = digest::of(&recipients.iter().map(String::as_str).collect::<Vec<_>>());
    let entry = trail::NewTrailEntry {
        kind: trail::TrailKind::Backup,
        action: of.action(),
        subject: &name,
        revision: None,
        digest,
    };
    let recorded = db::exclusively(&mut db::connect(settings)?, |tx| trail::append(tx, &entry, by));
    recorded.or_else(|error| refuse(format!("the backup cannot be recorded in the audit trail: {error}")))
}

/// Backs the databases up to a file that must not be there yet. That stands in the audit trail before it is done, also
/// in the backup itself.
pub fn backup(
    settings: &DatabaseSettings,
    (of, file): (BackupOf, &Path),
    recipients: &[String],
    by: &OperationContext,
) -> Result<()> {
    let names = recipients;
    let known = |text: &String| {
        text.parse::<x25519::Recipient>()
            .map_err(|_| Error::Configuration(format!("--recipient: \"{text}\" is not an age recipient (age1...)")))
    };
    let recipients = recipients.iter().map(known).collect::<Result<Vec<_>>>()?;
    let sources = of.files(settings)?;
    settings.target()?.must_exist()?;
    if file.exists() {
        return refuse(format!("{} is there already; a backup never overwrites anything", file.display()));
    }
    db::Schema::AccessLog.check(&mut db::connect_to(&settings.access_log()?, settings)?)?;
    sources.iter().try_for_each(|(_, source)| refuse_damage(settings, source))?;
    let written = NamedTempFile::new_in(directory(file)).map_err(failed(file))?;
    let encryptor = age::Encryptor::with_recipients(recipients.iter().map(|one| one as &dyn age::Recipient))
        .map_err(|error| Error::Configuration(format!("--recipient: {error}")))?;
    record(settings, (of, file), names, by)?;
    let mut archive = tar::Builder::new(encryptor.wrap_output(written).map_err(failed(file))?);
    for (name, source) in sources {
        let copy = snapshot(settings, &source)?;
        archive.append_path_with_name(copy.path(), name).map_err(failed(file))?;
    }
    let written = archive.into_inner().and_then(|encrypted| encrypted.finish()).map_err(failed(file))?;
    written.as_file().sync_all().map_err(failed(file))?;
    written.persist_noclobber(file).map_err(|error| failed(file)(error.error))?;
    Ok(())
}

/// Refuses a database that is damaged: its damage would be in the backup too, and nobody would look for an older one.
fn refuse_damage(settings: &DatabaseSettings, source: &Path) -> Result<()> {
    let mut db = db::connect_to(&Target::Sqlite(source.display().to_string()), settings)?;
    match db.dialect().damage(&mut db)? {
        None => Ok(()),
        Some(damage) => refuse(format!(
            "{} is damaged, and nothing was backed up; keep the backups that there are and restore one: {damage}",
            source.display()
        )),
    }
}

/// A copy of a database as it is at one instant, beside it: it lies where the data itself lies, and goes at once.
fn snapshot(settings: &DatabaseSettings, source: &Path) -> Result<NamedTempFile> {
    let copy = NamedTempFile::new_in(directory(source)).map_err(failed(source))?;
    let mut db = db::connect_to(&Target::Sqlite(source.display().to_string()), settings)?;
    db.dialect().copy_to(&mut db, copy.path())?;
    Ok(copy)
}

/// Restores a backup where no database is yet, brought up to date. A generation of the change feed begins with it, which
/// stands in the audit trail; and `finish` does what is left to do in the data.
pub fn restore(
    settings: &DatabaseSettings,
    (of, file): (BackupOf, &Path),
    key: &Path,
    finish: impl FnOnce(&mut Db) -> Result<()>,
) -> Result<()> {
    let targets = of.files(settings)?;
    for (_, target) in &targets {
        let beside = ["", "-wal", "-shm"].map(|ending| PathBuf::from(format!("{}{ending}", target.display())));
        if let Some(there) = beside.iter().find(|path| path.exists()) {
            return refuse(format!("{} is there already; move it away first", there.display()));
        }
        Target::Sqlite(target.display().to_string()).check()?;
    }
    let mut archive = tar::Archive::new(opened(file, key)?);
    let parts = unpacked(&mut archive, file, &targets)?;
    // The end is sealed too: what was cut off is found here.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map_err(failed(file))?;
    parts.iter().try_for_each(|(part, _)| check(settings, part.path()))?;
    if let Some((part, _)) = parts.first() {
        change(settings, part.path(), |db| match of {
            BackupOf::Data => registers::migrate(db).and_then(|_| finish(db)),
            BackupOf::RecordKeys => db::migrate_record_keys(db).map(drop),
        })?;
    }
    for (part, target) in parts.into_iter().rev() {
        part.persist_noclobber(target).map_err(|error| failed(target)(error.error))?;
    }
    Ok(())
}

/// The parts of an archive, each beside the place where it belongs.
fn unpacked<'a>(
    archive: &mut tar::Archive<impl Read>,
    file: &Path,
    targets: &'a [(&'static str, PathBuf)],
) -> Result<Vec<(NamedTempFile, &'a Path)>> {
    let mut entries = archive.entries().map_err(failed(file))?;
    let mut parts = Vec::new();
    for (name, target) in targets {
        let Some(entry) = entries.next() else { return refuse(format!("{} is not complete", file.display())) };
        let mut entry = entry.map_err(failed(file))?;
        if entry.path().map_err(failed(file))?.into_owned() != Path::new(name) {
            return refuse(format!("{} is not a backup of this program", file.display()));
        }
        let mut part = NamedTempFile::new_in(directory(target)).map_err(failed(target))?;
        std::io::copy(&mut entry, &mut part).map_err(failed(file))?;
        part.as_file().sync_all().map_err(failed(target))?;
        parts.push((part, target.as_path()));
    }
    Ok(parts)
}

/// Opens a backup with the key of a file, and decrypts it as it is read.
fn opened(file: &Path, key: &Path) -> Result<impl Read> {
    let text = std::fs::read_to_string(key).map_err(failed(key))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<x25519::Identity> = lines.filter_map(|line| line.parse().ok()).collect();
    if keys.is_empty() {
        return refuse(format!("{} holds no key (AGE-SECRET-KEY-1...)", key.display()));
    }
    let unreadable = |error: age::DecryptError| Error::Configuration(format!("{}: {error}", file.display()));
    let sealed = age::Decryptor::new(BufReader::new(File::open(file).map_err(failed(file))?)).map_err(unreadable)?;
    sealed.decrypt(keys.iter().map(|key| key as &dyn age::Identity)).map_err(unreadable)
}

/// Refuses a file that is no sound database.
fn check(settings: &DatabaseSettings, part: &Path) -> Result<()> {
    change(settings, part, |db| match db.dialect().damage(db)? {
        None => Ok(()),
        Some(damage) => refuse(format!("the backup holds a damaged database: {damage}")),
    })
}

/// Opens a part as the database that it is, and leaves nothing beside it.
fn change(settings: &DatabaseSettings, part: &Path, work: impl FnOnce(&mut Db) -> Result<()>) -> Result<()> {
    let mut db = db::connect_to(&Target::Sqlite(part.display().to_string()), settings)?;
    let done = work(&mut db);
    db.dialect().leave_one_file(&mut db)?;
    done
}
