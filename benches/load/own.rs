//! What is the authority's own, where a run has a profile: each case says something in each dimension and number.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aufsicht::config::ProfileSettings;
use aufsicht::profile::Profile;
use serde_json::{Map, Value, json};

use crate::chance::chance;

/// The profile of a run.
pub struct Own {
    pub directory: PathBuf,
    pub dimensions: Vec<(&'static str, Vec<String>)>,
    pub numbers: Vec<&'static str>,
}

static OWN: OnceLock<Own> = OnceLock::new();

/// The profile of this run, if it has one.
pub fn own() -> Option<&'static Own> {
    OWN.get()
}

/// Reads the profile of this run.
pub fn take(directory: &Path) {
    let directory = directory.canonicalize().unwrap();
    let settings = ProfileSettings { directory: Some(directory.clone()), ..ProfileSettings::default() };
    let vocabulary = Profile::of(&settings).unwrap().vocabulary;
    let cases = aufsicht::registers::find("cases").unwrap();
    let dimensions = vocabulary.own_dimensions(cases).map(|dimension| {
        let codes = dimension.codes.iter().map(|code| code.code.clone()).collect();
        (dimension.path, codes)
    });
    let numbers = vocabulary.own_numbers(cases).map(|number| number.path).collect();
    let _ = OWN.set(Own { directory, dimensions: dimensions.collect(), numbers });
}

/// The own part of a case, as JSON to go on with; nothing where the profile has nothing of its own.
pub fn part(number: usize) -> String {
    let Some(own) = own().filter(|own| !own.dimensions.is_empty() || !own.numbers.is_empty()) else {
        return String::new();
    };
    let name = |path: &str| path.trim_start_matches("own.").to_owned();
    let mut part: Map<String, Value> = Map::new();
    for (index, (path, codes)) in own.dimensions.iter().enumerate() {
        part.insert(name(path), json!(codes[chance(number + 100 + index) % codes.len()]));
    }
    for (index, path) in own.numbers.iter().enumerate() {
        part.insert(name(path), json!(chance(number + 200 + index) % 20));
    }
    format!(r#","own":{}"#, Value::Object(part))
}
