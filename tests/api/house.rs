//! The house: which module may use which, and what stays where it belongs. A module uses only those that come before it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules of the crate from the bottom up.
const ORDER: [&str; 37] = [
    "error",
    "digest",
    "config",
    "clock",
    "calendar",
    "decimal",
    "faults",
    "text",
    "json",
    "messages",
    "source",
    "authority",
    "vocabulary",
    "reload",
    "outgoing",
    "logging",
    "trace",
    "spans",
    "formats",
    "db",
    "seal",
    "identity",
    "context",
    "audit",
    "registers",
    "records",
    "auth",
    "statistics",
    "profile",
    "reports",
    "sync",
    "webhooks",
    "admin",
    "metrics",
    "api",
    "cli",
    "main",
];

/// Words of the embedded profile's authority, in lower case: its names, bodies, municipalities, laws, holidays and systems.
const OF_THE_EMBEDDED: [&str; 38] = [
    "luzern",
    "luzerner",
    "lucerne",
    "lucerna",
    "lu",
    "konsul",
    "horw",
    "kriens",
    "emmen",
    "sursee",
    "hochdorf",
    "ebikon",
    "meggen",
    "willisau",
    "malters",
    "rothenburg",
    "entlebuch",
    "escholzmatt",
    "dagmersellen",
    "reiden",
    "buchrain",
    "weggis",
    "schüpfheim",
    "beromünster",
    "littau",
    "sempach",
    "kdsg",
    "srl",
    "bildungs",
    "kulturdepartement",
    "sozialdepartement",
    "sicherheitsdepartement",
    "wirtschaftsdepartement",
    "staatskanzlei",
    "berchtold",
    "berchtoldstag",
    "fronleichnam",
    "leodegar",
];

#[test]
fn only_the_embedded_profile_knows_its_authority() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let is_asked =
        |path: &PathBuf| !path.starts_with(root.join("profile")) && path.extension().is_none_or(|kind| kind != "otf");
    for path in files(&root).into_iter().filter(is_asked) {
        let text = std::fs::read_to_string(&path).unwrap();
        for (index, line) in text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
            let known = words.filter(|word| OF_THE_EMBEDDED.contains(&word.as_str()));
            found.extend(known.map(|word| format!("{}:{}: {word}", path.display(), index + 1)));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// All files below a folder.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// All source files, with their module and their code: no comments, no unit tests.
fn sources() -> Vec<(PathBuf, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rust = files(&root).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let rust = rust.filter(|path| !path.ends_with("tests.rs"));
    let read = |path: PathBuf| {
        let inner = path.strip_prefix(&root).unwrap().to_owned();
        let module = inner.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap().lines();
        let code: Vec<&str> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
        (inner, module, code.join("\n"))
    };
    rust.map(read).collect()
}

#[test]
fn a_module_uses_only_those_that_come_before_it() {
    let place = |module: &str| ORDER.iter().position(|known| *known == module);
    let mut found = Vec::new();
    for (path, module, code) in sources().into_iter().filter(|(_, module, _)| module != "lib") {
        let own = place(&module).unwrap_or_else(|| panic!("{module} has no place in the order"));
        for used in code.split("crate::").skip(1) {
            let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if place(&name).is_some_and(|other| other > own) {
                found.push(format!("{} uses {name}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_below_the_api_knows_the_http_framework() {
    let knows = |(path, module, code): &(PathBuf, String, String)| {
        let is_found = module != "api" && (code.contains("actix_web::") || code.contains("actix_http::"));
        is_found.then(|| path.display().to_string())
    };
    let found: Vec<String> = sources().iter().filter_map(knows).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_hides_in_thread_locals() {
    let found: Vec<_> = sources().into_iter().filter(|(.., code)| code.contains("thread_local!")).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// The files that SQL is written in; all others ask in Diesel's words.
const SQL: [&str; 7] = [
    "db/dialect/postgres.rs",
    "db/dialect/sqlite.rs",
    "db/statement.rs",
    "records/projections/cell_sql.rs",
    "records/query/search/postgres.rs",
    "records/query/search/sqlite.rs",
    "statistics/record_sums.rs",
];

/// The files that ask which database it is.
const DATABASES: [&str; 3] = ["db/engine.rs", "db/migrations.rs", "records/query/search/mod.rs"];

#[test]
fn sql_and_the_choice_of_the_database_stand_in_few_files() {
    let of = |marks: &[&str]| -> Vec<String> {
        let has = |code: &str| marks.iter().any(|mark| code.contains(mark));
        let found = sources().into_iter().filter(|(.., code)| has(code));
        let mut found: Vec<String> = found.map(|(path, ..)| path.display().to_string()).collect();
        found.sort();
        found
    };
    assert_eq!(of(&["sql_query", "dsl::sql", "Statement::new(", ".sql(", "batch_execute(", "INSERT INTO "]), SQL);
    assert_eq!(of(&["Db::Sqlite", "Db::Postgres"]), DATABASES);
}

/// The ids of messages that the code has: what is handed over as an id, and what begins as the known ones do.
fn ids_in_code(known: &BTreeSet<String>) -> BTreeSet<String> {
    let kinds: BTreeSet<&str> = known.iter().filter_map(|id| Some(id.split_once('-')?.0)).collect();
    let is_id = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let mut found = BTreeSet::new();
    for (.., code) in sources() {
        let parts: Vec<&str> = code.split('"').collect();
        for pair in parts.windows(2) {
            let (before, text) = (pair[0].trim_end(), pair[1]);
            let is_handed_over = ["lang.text(", "lang.message(", "self.text(", "writing.text(", "writing.message("]
                .iter()
                .any(|call| before.ends_with(call));
            let begins = text.split_once('-').is_some_and(|(kind, _)| kinds.contains(kind));
            if is_handed_over || (begins && is_id(text)) {
                found.insert(text.to_owned());
            }
        }
    }
    found
}

/// The names of the values that each message is said with.
fn values_in_code() -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    for (.., code) in sources() {
        for call in code.split(".message(").skip(1) {
            let Some((id, rest)) = call.trim_start().strip_prefix('"').and_then(|call| call.split_once('"')) else {
                continue;
            };
            let rest = rest.split_whitespace().collect::<String>().replace("],)", "])");
            let values = rest.split("])").next().unwrap_or_default().split("(\"").skip(1);
            let names = values.filter_map(|value| Some(value.split_once('"')?.0.to_owned()));
            let names = names.filter(|name| name.chars().all(|c| c.is_ascii_lowercase()));
            found.push((id.to_owned(), names.collect()));
        }
    }
    found
}

/// The messages in German, each with its variables; a test in `messages` compares the other languages.
fn messages() -> BTreeMap<String, BTreeSet<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/messages/de.ftl");
    let text = std::fs::read_to_string(file).unwrap();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut id = String::new();
    for line in text.lines().skip_while(|line| line.starts_with('#') || line.is_empty()) {
        if let Some((name, _)) = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            id = name.to_owned();
        }
        let variables = line.split('$').skip(1);
        let is_of_name = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let names = variables.map(|rest| rest.chars().take_while(is_of_name).collect::<String>());
        found.entry(id.clone()).or_default().extend(names);
    }
    found
}

/// True for a variable that holds the authority's word for a register, or says that there is one.
fn is_of_words(variable: &str) -> bool {
    variable.ends_with("-is") || variable.ends_with("-word")
}

#[test]
fn every_message_is_said_and_whatever_is_said_has_a_message() {
    let mut messages = messages();
    for (id, names) in &mut messages {
        let own = names.iter().any(|name| is_of_words(name));
        let without = ["lang.text", "lang.message"].map(|call| format!("{call}(\"{id}\""));
        let said = sources().into_iter().find(|(.., code)| own && without.iter().any(|call| code.contains(call)));
        assert!(said.is_none(), "{id} is said without the words of the authority");
        names.retain(|name| !is_of_words(name));
    }
    let known: BTreeSet<String> = messages.keys().cloned().collect();
    let said = ids_in_code(&known);
    assert!(known.len() > 100, "{}", known.len());
    assert_eq!(known.difference(&said).collect::<Vec<_>>(), Vec::<&String>::new(), "are never said");
    assert_eq!(said.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "have no message");
    let said_with = values_in_code();
    for (id, names) in &said_with {
        assert_eq!(messages.get(id), Some(names), "{id}");
    }
    let with_values: BTreeSet<&String> = said_with.iter().map(|(id, _)| id).collect();
    let with_variables = messages.iter().filter(|(_, names)| !names.is_empty()).map(|(id, _)| id);
    assert_eq!(with_variables.collect::<BTreeSet<_>>(), with_values, "have variables, and are said with values");
}
