//! A profile with dimensions and numbers of the authority's own.

use std::path::Path;

use aufsicht::Config;

use super::{App, Backend, Directory};

/// A label in the four languages of the profile.
pub fn labelled(text: &str) -> String {
    format!("{{ de = \"{text}\", fr = \"{text} fr\", it = \"{text} it\", en = \"{text} en\" }}")
}

/// A dimension with values, each a code and further keys.
pub fn dimension(name: &str, registers: &str, values: &[(&str, &str)]) -> String {
    let mut out = format!(
        "\n[[dimensions]]\nname = \"{name}\"\nregisters = [{registers}]\nlabel = {}\n",
        labelled(&name.to_uppercase())
    );
    for (code, more) in values {
        out +=
            &format!("[[dimensions.values]]\ncode = \"{code}\"\nlabel = {}\n{more}\n", labelled(&code.to_lowercase()));
    }
    out
}

/// A number with further keys.
pub fn number(name: &str, registers: &str, more: &str) -> String {
    format!(
        "\n[[numbers]]\nname = \"{name}\"\nregisters = [{registers}]\nlabel = {}\n{more}\n",
        labelled(&name.to_uppercase())
    )
}

/// Three dimensions and two numbers.
pub fn vocabulary() -> String {
    let both = "\"cases\", \"audits\"";
    let jurisdiction = [("SZ", "import = [\"Kanton Schwyz\"]"), ("OW", ""), ("NW", "")];
    let outcome = [("AGREED", ""), ("REFUSED", ""), ("WITHDRAWN", "")];
    [
        dimension("jurisdiction", both, &jurisdiction),
        dimension("outcome", "\"cases\"", &outcome),
        dimension("basis", "\"cases\"", &[("LAW", ""), ("CONSENT", "")]),
        number("hours", both, "unit = \"h\"\ndecimals = 1\nmin = 0.0"),
        number("balance", "\"cases\"", "unit = \"CHF\"\ndecimals = 2"),
    ]
    .concat()
}

/// The embedded profile in a folder, with this at the end of its vocabulary.
pub fn profile(vocabulary: &str) -> Directory {
    let directory = Directory::new();
    rewrite(&directory.0, vocabulary);
    directory
}

/// The same in a folder that is there.
pub fn rewrite(directory: &Path, vocabulary: &str) {
    let embedded = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profile/lucerne");
    std::fs::create_dir_all(directory.join("tables")).unwrap();
    for file in ["authority.toml", "tables/services.toml"] {
        std::fs::copy(embedded.join(file), directory.join(file)).unwrap();
    }
    let mut text = std::fs::read_to_string(embedded.join("vocabulary.toml")).unwrap();
    text += vocabulary;
    std::fs::write(directory.join("vocabulary.toml"), text).unwrap();
}

/// Two own dimensions that a line uses together.
pub const PAIR: &str = "{ \"own.jurisdiction\" = [\"SZ\"], \"own.outcome\" = [\"AGREED\"] }";

/// A further layout in a folder, with a line of this selection and one that sums a number over it; or none any more.
pub fn layout(folder: &Path, selection: Option<&str>) {
    let file = folder.join("pairs.toml");
    let Some(selection) = selection else { return std::fs::remove_file(file).unwrap() };
    let text = std::fs::read_to_string(folder.join("services.toml")).unwrap();
    let text = text.replacen("name = \"lucerne\"", "name = \"pairs\"", 1);
    let place = text.find("[[tables.services.checks]]").or_else(|| text.find("[[tables.channels")).unwrap();
    let line = |code: &str, more: &str| {
        let label = labelled(code);
        format!(
            "[[tables.services.lines]]\ncode = \"{code}\"\nlabel = {label}\nlevel = 0\nany = [{selection}]\n{more}\n"
        )
    };
    let lines = [line("pair", ""), line("balance", "add = \"own.balance\"\n")].concat();
    std::fs::write(file, [&text[..place], &lines, &text[place..]].concat()).unwrap();
}

/// A service with that profile.
pub fn start(backend: Backend) -> App {
    start_with(backend, |_| {})
}

/// The same with other settings besides.
pub fn start_with(backend: Backend, settings: impl FnOnce(&mut Config)) -> App {
    let directory = profile(&vocabulary());
    let path = directory.0.clone();
    App::start_with(backend, |config| {
        config.profile.directory = Some(path);
        settings(config);
    })
    .with_directory(directory)
}

/// The same database with the profile as it is now.
pub fn again(app: &mut App) {
    app.stop();
    let service = aufsicht::Service::start(app.config.clone(), app.clock.clone()).unwrap();
    app.client =
        super::Client::new(&format!("http://{}", service.address()), Some(service.token(super::ALL_SCOPES).unwrap()));
    app.service = Some(service);
}
