//! Values made from files, and made anew when the files change: so keys rotate without a restart.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use crate::error::Result;

/// The time for which a value is believed before its files are looked at again.
const FRESH: Duration = Duration::from_secs(1);

/// The mark that shows if a file is another one: when it was written, and how long it is.
type Stamp = Vec<Option<(SystemTime, u64)>>;

type Make<T> = Box<dyn Fn() -> Result<T> + Send + Sync>;

/// A value that follows some files.
pub struct Reloading<T> {
    files: Vec<PathBuf>,
    make: Make<T>,
    held: RwLock<LoadedFiles<T>>,
}

struct LoadedFiles<T> {
    value: Arc<T>,
    stamp: Stamp,
    looked: Instant,
}

impl<T> Reloading<T> {
    /// Makes the value, and remembers how to make it again when one of the files has changed.
    pub fn new(files: Vec<PathBuf>, make: impl Fn() -> Result<T> + Send + Sync + 'static) -> Result<Self> {
        let stamp = stamp(&files);
        let value = Arc::new(make()?);
        let held = RwLock::new(LoadedFiles { value, stamp, looked: Instant::now() });
        Ok(Reloading { files, make: Box::new(make), held })
    }

    /// The value as the files say it, at most a second old. A file that cannot be used leaves the value as it was.
    pub fn get(&self) -> Arc<T> {
        {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            if self.files.is_empty() || held.looked.elapsed() < FRESH {
                return held.value.clone();
            }
        }
        self.get_now()
    }

    /// The same as of this moment: for who has met something that the value does not know yet.
    pub fn get_now(&self) -> Arc<T> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.looked = Instant::now();
        let stamp = stamp(&self.files);
        if stamp != held.stamp {
            held.stamp = stamp;
            self.make_anew(&mut held);
        }
        held.value.clone()
    }

    /// Makes the value anew, whatever the files look like.
    pub fn reload(&self) {
        if !self.files.is_empty() {
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            held.stamp = stamp(&self.files);
            self.make_anew(&mut held);
        }
    }

    fn make_anew(&self, held: &mut LoadedFiles<T>) {
        match (self.make)() {
            Ok(value) => {
                log::info!("read anew: {}", self.names());
                held.value = Arc::new(value);
            }
            Err(error) => log::error!("{error}; what was read before goes on"),
        }
    }

    fn names(&self) -> String {
        self.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
    }
}

fn stamp(files: &[PathBuf]) -> Stamp {
    let of = |file: &PathBuf| {
        let data = std::fs::metadata(file).ok()?;
        Some((data.modified().ok()?, data.len()))
    };
    files.iter().map(of).collect()
}
