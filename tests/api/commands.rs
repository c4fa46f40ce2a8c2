//! The commands, the README and the page for operations, tried as a person would: with the real binary.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{App, Backend, Directory, Running, SECRET, database};
pub use crate::support::{aufsicht, serve};

/// Makes the databases of a directory.
fn migrate(directory: &Directory) {
    assert!(aufsicht(&directory.0).arg("migrate").stdout(Stdio::null()).status().unwrap().success());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Fails unless the command refused with one sentence that contains `said`, and created nothing.
#[track_caller]
fn refused(directory: &Directory, command: &mut Command, said: &str) {
    let before = std::fs::read_dir(&directory.0).unwrap().count();
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(!status.success());
    let stderr = text(&stderr);
    assert!(stderr.contains(said), "{stderr}");
    assert_eq!(stderr.trim().lines().count(), 1, "{stderr}");
    assert!(stdout.is_empty(), "{}", text(&stdout));
    assert_eq!(std::fs::read_dir(&directory.0).unwrap().count(), before, "something was created before: {stderr}");
}

const README: &str = include_str!("../../README.md");
const OPERATIONS: &str = include_str!("../../docs/operations.md");
const ARCHITECTURE: &str = include_str!("../../docs/architecture.md");

/// The command lines in the code blocks of the README, and then of the page for operations.
fn documented_lines() -> Vec<String> {
    let blocks = [README, OPERATIONS].into_iter().flat_map(|page| page.split("```sh\n").skip(1));
    blocks.flat_map(|rest| rest.split("```").next().unwrap().lines()).map(str::to_owned).collect()
}

fn shell(line: &str, directory: &Path, token: &str, id: &str) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_aufsicht")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    Command::new("sh")
        .args(["-c", line])
        .current_dir(directory)
        .env("PATH", path)
        .env("TOKEN", token)
        .env("ID", id)
        .output()
        .unwrap()
}

#[test]
fn every_command_of_the_readme_and_of_operations_works() {
    let directory = Directory::new();
    let lines = documented_lines();
    assert!(lines.iter().any(|line| line.starts_with("aufsicht seal rotate")), "both pages are read");
    // Both build this very crate: here the one is run as built already, the other is what runs this test.
    assert_eq!(&lines[..2], ["cargo run --release -- serve --demo", "cargo test"]);
    let mut command = aufsicht(&directory.0);
    command.args(["serve", "--demo"]).env("AUFSICHT_LISTEN", "127.0.0.1:0").env_remove("AUFSICHT_SEAL_KEY");
    let (_running, printed) = serve(&mut command, "/v1/cases'");
    let base = printed.split("listens on ").nth(1).unwrap().split("/ ").next().unwrap().to_owned();
    let token = printed.split("export TOKEN=").nth(1).unwrap().lines().next().unwrap();
    assert!(printed.contains(&format!("{base}/swagger-ui/")), "{printed}");

    let pasted: Vec<&str> = printed.lines().map(str::trim).filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(pasted.len(), 3);
    let mut id = String::new();
    let mine: Vec<String> = lines[2..].iter().map(|line| line.replace("http://127.0.0.1:8080", &base)).collect();
    for line in pasted.into_iter().map(str::to_owned).chain(mine) {
        let Output { status, stdout, stderr } = shell(&line, &directory.0, token, &id);
        assert!(status.success(), "{line}: {}", text(&stderr));
        if line.contains(".atom") || line.contains("?lang=") {
            assert!(text(&stdout).starts_with("<!DOCTYPE html>") || text(&stdout).starts_with("<?xml"), "{line}");
        } else if line.starts_with("curl") && !line.contains("format=csv") {
            let answer: Value = serde_json::from_slice(&stdout).unwrap_or_else(|_| panic!("{line}: {}", text(&stdout)));
            // A problem has a number there.
            assert!(!answer["status"].is_number(), "{line}: {answer}");
            if answer["revision"] == 1 {
                id = answer["id"].as_str().unwrap().to_owned();
            }
            if line.contains("q=zurich") {
                assert_eq!(answer["items"][0]["id"], Value::from(id.clone()));
            }
            if line.contains("/history") {
                assert_eq!(answer["items"].as_array().unwrap().len(), 2, "{answer}");
            }
        }
        if line.starts_with("aufsicht token") {
            assert_eq!(text(&stdout).trim().split('.').count(), 3, "a token alone");
        }
        if line.starts_with("aufsicht verify") {
            assert_eq!(text(&stdout).trim(), "Records, history, change feed, search, cube and audit trail agree.");
        }
    }
}

#[test]
fn the_report_is_written_by_its_ending() {
    let directory = Directory::new();
    let command = |arguments: &[&str]| {
        let mut command = aufsicht(&directory.0);
        command.args(arguments);
        command
    };
    refused(&directory, &mut command(&["report", "2017", "-o", "report.doc"]), "must end in .pdf, .html or .docx");
    refused(&directory, &mut command(&["report", "2017", "-o", "r.pdf", "--lang", "eo"]), "one of de, fr, it, en");
    refused(
        &directory,
        &mut command(&["report", "2017", "-o", "r.pdf", "--layout", "x"]),
        "--layout must be one of lucerne",
    );
    refused(&directory, &mut command(&["report", "2017", "-o", "r.pdf"]), "there is no database aufsicht.sqlite3");
    let endings = "--output must end in one of .ndjson, .csv, .xlsx, or --format must say what it becomes";
    refused(&directory, &mut command(&["export", "--register", "cases", "-o", "cases.docx"]), endings);
    migrate(&directory);
    assert!(
        command(&["export", "--register", "cases", "-o", "cases.txt", "--format", "csv"]).status().unwrap().success()
    );
    for (file, start) in [("report.pdf", "%PDF-1.7"), ("report.html", "<!DOCTYPE html>"), ("report.docx", "PK")] {
        let written = command(&["report", "2017", "--output", file, "--lang", "it"]).output().unwrap();
        assert!(written.status.success() && written.stdout.is_empty(), "{}", text(&written.stderr));
        assert!(std::fs::read(directory.0.join(file)).unwrap().starts_with(start.as_bytes()));
    }
    assert!(!command(&["report", "1800", "-o", "r.pdf"]).status().unwrap().success());
}

/// The anchor of a heading, as links name it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches(['#', ' ']).to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || [' ', '-'].contains(c)).collect::<String>().replace(' ', "-")
}

#[test]
fn every_link_of_the_pages_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = [("README.md", README), ("docs/operations.md", OPERATIONS), ("docs/architecture.md", ARCHITECTURE)];
    let mut links = 0;
    for (name, text) in pages {
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let page = std::fs::read_to_string(root.join(name).parent().unwrap().join(file)).expect(link);
            let mut headings = page.lines().filter(|line| line.starts_with('#')).map(anchor);
            assert!(fragment.is_empty() || headings.any(|heading| heading == fragment), "{name}: {link}");
            links += 1;
        }
    }
    assert!(links >= 5, "{links}");
}

#[test]
fn the_help_explains_every_setting_and_operations_lists_them() {
    let directory = Directory::new();
    let page = |arguments: &[&str]| text(&aufsicht(&directory.0).args(arguments).output().unwrap().stdout);
    let help_of_all = page(&["help", "settings"]);
    assert_eq!(help_of_all, page(&["settings"]), "the command says what its help does");
    let help = help_of_all.split_whitespace().collect::<Vec<_>>().join(" ");
    let listed: Vec<&str> = OPERATIONS.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    // Under the same headings, in the same order.
    let headings: Vec<&str> =
        OPERATIONS.lines().filter_map(|line| line.strip_prefix("**")?.strip_suffix("**")).collect();
    let grouped: Vec<&str> = help_of_all
        .lines()
        .filter_map(|line| line.strip_suffix(':').filter(|heading| !heading.starts_with(' ')))
        .collect();
    assert_eq!([&["Options"], &headings[..], &["Examples"]].concat(), grouped);
    let named: Vec<&str> =
        help.split("[env: ").skip(1).map(|rest| rest.split([']', '=']).next().unwrap()).chain(["RUST_LOG"]).collect();
    assert!(named.len() > 10 && help.contains("RUST_LOG"), "{help}");
    assert_eq!(listed, named);
    let all = page(&["--help"]);
    for said in ["serve", "migrate", "token", "verify", "openapi", "health", "completions", "man", "Exit codes:"] {
        assert!(all.contains(said), "{said}");
    }
    assert!(!all.contains("[env:") && all.contains("aufsicht help settings"), "{all}");
}

#[test]
fn the_help_of_a_command_lists_the_settings_that_it_reads_in_groups() {
    let directory = Directory::new();
    let help =
        |arguments: &[&str]| text(&aufsicht(&directory.0).args(arguments).arg("--help").output().unwrap().stdout);
    let backup = help(&["backup"]);
    let headings = backup.lines().filter(|line| line.ends_with(':') && !line.starts_with([' ', '-']));
    assert_eq!(
        headings.collect::<Vec<_>>(),
        ["Arguments:", "Options:", "Settings file:", "Database:", "Server:", "Personal data:", "Logs:", "Examples:"]
    );
    for (arguments, number) in
        [(&["backup"][..], 13), (&["seal", "key"], 0), (&["seal", "rotate"], 11), (&["serve"], 53), (&["man"], 0)]
    {
        assert_eq!(help(arguments).matches("[env:").count(), number, "{arguments:?}");
    }
    // What a command does not read is no error: a deployment may give it to all of them.
    let mut command = aufsicht(&directory.0);
    let output = command.args(["--workers", "3", "seal", "key", "--layout-dir", "missing"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_command_describes_itself_to_shells_and_as_a_manual() {
    let directory = Directory::new();
    let printed = |arguments: &[&str]| {
        let output = aufsicht(&directory.0).args(arguments).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    for (shell, says) in
        [("bash", "complete -F _aufsicht"), ("zsh", "#compdef aufsicht"), ("fish", "complete -c aufsicht")]
    {
        let script = printed(&["completions", shell]);
        assert!(script.contains(says) && script.contains("personal-data"), "{shell}: {script}");
    }
    // Of the settings each command is offered those that it reads.
    std::fs::write(directory.0.join("aufsicht.bash"), printed(&["completions", "bash"])).unwrap();
    let offered = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let (number, last) = (words.len(), words[words.len() - 1]);
        let ask = format!(
            "source ./aufsicht.bash; COMP_WORDS=({line} --); COMP_CWORD={number}; _aufsicht aufsicht -- {last}; echo \"${{COMPREPLY[@]}}\""
        );
        text(&Command::new("bash").args(["-c", &ask]).current_dir(&directory.0).output().unwrap().stdout)
    };
    assert!(offered("aufsicht report").contains("--profile-dir"), "{}", offered("aufsicht report"));
    assert!(!offered("aufsicht report").contains("--workers") && offered("aufsicht serve").contains("--workers"));
    printed(&["man", "pages/man1"]);
    let mut pages: Vec<String> = std::fs::read_dir(directory.0.join("pages/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    for name in ["aufsicht.1", "aufsicht-client-add.1", "aufsicht-export.1", "aufsicht-settings.1"] {
        assert!(pages.iter().any(|page| page == name), "{name}: {pages:?}");
    }
    let page = |name: &str| std::fs::read_to_string(directory.0.join("pages/man1").join(name)).unwrap();
    assert!(
        page("aufsicht.1").starts_with(".ie") && page("aufsicht.1").contains("Exit codes"),
        "{}",
        page("aufsicht.1")
    );
    assert!(
        page("aufsicht-settings.1").contains("AUFSICHT_LISTEN")
            && !page("aufsicht-export.1").contains("AUFSICHT_WORKERS")
    );
    refused(&directory, aufsicht(&directory.0).args(["man", "pages/man1/aufsicht.1"]), "the manual cannot be written");
}

#[test]
fn a_command_whose_output_nobody_reads_ends_without_a_word() {
    let directory = Directory::new();
    migrate(&directory);
    let binary = env!("CARGO_BIN_EXE_aufsicht");
    for line in ["settings", "completions bash", "openapi", "export --register cases --format csv"] {
        // The reader is gone before anything is written.
        let piped = format!("(sleep 1; {binary} {line}; echo $? > code) | true");
        let mut command = Command::new("sh");
        let output = command.args(["-c", &piped]).current_dir(&directory.0).output().unwrap();
        let code = loop {
            match std::fs::read_to_string(directory.0.join("code")) {
                Ok(code) if code.ends_with('\n') => break code,
                _ => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        };
        assert_eq!((code.trim(), text(&output.stderr)), ("141", String::new()), "{line}");
        std::fs::remove_file(directory.0.join("code")).unwrap();
    }
}

/// The build script, run by itself as cargo runs it: what it says of the version.
#[test]
fn the_version_tells_commit_and_day_where_they_are_known() {
    let told = text(&aufsicht(&Directory::new().0).arg("--version").output().unwrap().stdout);
    assert!(told.starts_with(&format!("aufsicht {}", env!("CARGO_PKG_VERSION"))), "{told}");
    let directory = Directory::new();
    let run = |program: &str, arguments: &[&str], folder: &Path, settings: &[(&str, &str)]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).env_remove("BUILD_COMMIT").env_remove("BUILD_DATE");
        let author = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
        command.envs(author.map(|name| (name, "x"))).envs(settings.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs");
    run("rustc", &["--edition", "2024", "-o", "script", script], &directory.0, &[]);
    let binary = directory.0.join("script").display().to_string();
    let version = |folder: &Path, settings: &[(&str, &str)]| {
        let settings = [&[("CARGO_PKG_VERSION", "1.2.3"), ("PROFILE", "release")], settings].concat();
        let said = run(&binary, &[], folder, &settings);
        said.split("BUILD_VERSION=").nth(1).unwrap().trim().to_owned()
    };
    let (repository, tarball) = (directory.0.join("repository"), directory.0.join("repository/tarball"));
    std::fs::create_dir_all(&tarball).unwrap();
    std::fs::write(repository.join("file"), "x").unwrap();
    for line in [&["init", "-q"][..], &["add", "file"], &["commit", "-q", "-m", "x", "--date", "2017-03-14T12:00:00Z"]]
    {
        run("git", line, &repository, &[("GIT_COMMITTER_DATE", "2017-03-14T12:00:00Z")]);
    }
    let commit = run("git", &["rev-parse", "--short=12", "HEAD"], &repository, &[]).trim().to_owned();
    assert_eq!(version(&repository, &[]), format!("1.2.3 ({commit}, 2017-03-14)"));
    assert_eq!(version(&repository, &[("PROFILE", "debug")]), "1.2.3");
    std::fs::write(repository.join("file"), "y").unwrap();
    assert_eq!(version(&repository, &[]), format!("1.2.3 ({commit}-changed, 2017-03-14)"));
    // Sources that were unpacked, be it within the repository of something else, or where there is no git.
    assert_eq!((version(&tarball, &[]), version(&tarball, &[("PATH", "")])), ("1.2.3".into(), "1.2.3".into()));
    let given = [("BUILD_COMMIT", "abc"), ("BUILD_DATE", "2017-03-15")];
    assert_eq!(version(&tarball, &given), "1.2.3 (abc, 2017-03-15)");
}

#[test]
fn bad_settings_stop_with_one_sentence_and_create_nothing() {
    let directory = Directory::new();
    type Case = (&'static [&'static str], &'static [(&'static str, &'static str)], &'static str);
    let cases: [Case; 15] = [
        (&["serve"], &[("DATABASE_URL", "postgre://localhost/x")], "the scheme \"postgre\" is not known"),
        (&["migrate"], &[("DATABASE_URL", "mysql://localhost/x")], "the scheme \"mysql\" is not known"),
        (&["serve"], &[("DATABASE_URL", "sqlite:nowhere/x.sqlite3")], "the directory nowhere does not exist"),
        (&["serve"], &[("DATABASE_URL", "sqlite:")], "give the path of a SQLite file"),
        (&["verify"], &[("DATABASE_URL", "sqlite:.")], "is a directory"),
        (&["serve"], &[("AUFSICHT_JWT_SECRET", "short")], "at least 32 bytes"),
        (&["serve"], &[("AUFSICHT_JWT_SECRET_FILE", "missing")], "cannot read missing"),
        (&["serve"], &[("AUFSICHT_JWT_SECRET", SECRET), ("AUFSICHT_JWT_SECRET_FILE", "x")], "not both"),
        (
            &["serve"],
            &[("AUFSICHT_LISTEN", "0.0.0.0:0")],
            "can be reached from other machines: set AUFSICHT_JWT_SECRET",
        ),
        (
            &["serve"],
            &[("AUFSICHT_LISTEN", "0.0.0.0:0"), ("AUFSICHT_JWT_SECRET", SECRET), ("AUFSICHT_SEAL_KEY", "")],
            "can be reached from other machines: set AUFSICHT_SEAL_KEY",
        ),
        (&["serve"], &[("AUFSICHT_SEAL_KEY", "QUFB")], "a key must be 32 bytes in base64"),
        (&["serve"], &[("AUFSICHT_SEAL_KEY_FILE", "x")], "set AUFSICHT_SEAL_KEY or AUFSICHT_SEAL_KEY_FILE, not both"),
        (&["serve"], &[("AUFSICHT_LISTEN", "here")], "is not an address and port"),
        (
            &["serve"],
            &[("AUFSICHT_LISTN", "127.0.0.1:0")],
            "there is no setting AUFSICHT_LISTN; did you mean AUFSICHT_LISTEN?",
        ),
        (&["token", "--scope", "everything", "--subject", "x"], &[], "\"everything\" is not known"),
    ];
    for (arguments, settings, said) in cases {
        let mut command = aufsicht(&directory.0);
        refused(&directory, command.args(arguments).envs(settings.iter().copied()), said);
    }
    // A setting is named by its variable too: nobody has written the flag.
    let mut command = aufsicht(&directory.0);
    let output = command.arg("verify").env("AUFSICHT_WORKERS", "viele").output().unwrap();
    let told = text(&output.stderr);
    assert!(told.contains("'--workers <WORKERS>' (AUFSICHT_WORKERS): give a whole number"), "{told}");
    let open = [("AUFSICHT_LISTEN", "0.0.0.0:0"), ("AUFSICHT_JWT_SECRET", SECRET)];
    let mut command = aufsicht(&directory.0);
    command.arg("serve").envs(open).env_remove("AUFSICHT_SEAL_KEY");
    refused(&directory, &mut command, "can be reached from other machines: set AUFSICHT_SEAL_KEY");
    let closed = ("DATABASE_URL", "postgres://postgres@127.0.0.1:1/x");
    let mut command = aufsicht(&directory.0);
    command.arg("serve").envs([closed, ("AUFSICHT_JWT_SECRET", SECRET)]);
    refused(&directory, &mut command, "cannot connect");
}

/// The claims of a token that is printed.
fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.trim().split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn texts_that_are_one_line_have_one_form_on_the_command_line_too() {
    let app = App::start(Backend::Sqlite);
    let id = app.create("cases", json!({"title": "Anfrage", "notes": "vertraulich"}))["id"].clone();
    let id = id.as_str().unwrap();
    let directory = Directory::new();
    let command = |arguments: &[&str]| {
        let mut command = aufsicht(&directory.0);
        command.args(arguments).env("DATABASE_URL", &app.config.database.url).env("AUFSICHT_JWT_SECRET", SECRET);
        command
    };
    let printed = |arguments: &[&str]| {
        let output = command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    // The same name, however it is spelled.
    let (odd, line) = (" Aufsicht\tU\u{308}ber  \u{200b}Schulen\n", "Aufsicht Über Schulen");
    let token = |subject| printed(&["token", "--scope", "register:read", "--subject", subject]);
    assert_eq!(claims(&token(odd))["sub"], line);
    printed(&["client", "add", "--name", odd, "--scope", "register:read"]);
    assert!(printed(&["client", "list"]).contains(&format!("  active  {line}  register:read")));
    let told = || app.client.all("/v1/access-log?subject=operator");
    printed(&["export", "--register", "cases", "--personal-data", "--purpose", odd]);
    assert_eq!((told().len(), &told()[0]["purpose"]), (1, &json!(line)));
    printed(&["subject", "report", "--record", id, "--purpose", odd]);
    assert_eq!((told().len(), &told()[1]["purpose"]), (2, &json!(line)));
    // What cannot be shown is refused, and nothing is done.
    let shown = "must not contain the control character U+0007";
    for (arguments, said) in [
        (vec!["token", "--scope", "register:read", "--subject", "a\u{7}b"], format!("--subject {shown}")),
        (vec!["token", "--scope", "register:read", "--subject", "\u{200b} "], "--subject must not be blank".into()),
        (vec!["client", "add", "--scope", "register:read", "--name", "a\u{7}b"], format!("name: {shown}")),
        (
            vec!["export", "--register", "cases", "--personal-data", "--purpose", "a\u{7}b"],
            "none of them a control character".into(),
        ),
        (vec!["subject", "report", "--record", id, "--purpose", "a\u{7}b"], "none of them a control character".into()),
    ] {
        refused(&directory, &mut command(&arguments), &said);
    }
    assert_eq!((told().len(), printed(&["client", "list"]).lines().count()), (2, 1));
}

#[test]
fn a_comma_within_a_value_of_a_filter_is_no_comma_between_two() {
    let app = App::start(Backend::Sqlite);
    let whole = "Bau-, Umwelt- und Wirtschaftsdepartement";
    for (number, name) in [whole, "Bau-", "Umwelt- und Wirtschaftsdepartement", "100%2C"].into_iter().enumerate() {
        let requester = json!({"type": "CANTON", "organisation": name});
        app.create("cases", json!({"title": format!("Fall {number}"), "requester": requester}));
    }
    let directory = Directory::new();
    let found = |filter: &str| {
        let mut command = aufsicht(&directory.0);
        command.args(["export", "--register", "cases", "--filter", filter, "--filter", "sort=number"]);
        let output = command.env("DATABASE_URL", &app.config.database.url).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let lines = text(&output.stdout);
        let organisation =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["requester"]["organisation"].clone();
        lines.lines().map(|line| organisation(line).as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for comma in ["%2C", "%2c"] {
        assert_eq!(found(&format!("organisation={}", whole.replace(',', comma))), [whole]);
    }
    assert_eq!(found(&format!("organisation={whole}")), ["Bau-", "Umwelt- und Wirtschaftsdepartement"]);
    assert_eq!(found(&format!("organisation={},Bau-", whole.replace(',', "%2C"))), [whole, "Bau-"]);
    assert_eq!(found("organisation=100%252C"), ["100%2C"]);
    // The API says the same of the same words.
    let path = "/v1/cases?organisation=Bau-%2C%20Umwelt-%20und%20Wirtschaftsdepartement,Bau-&sort=number";
    assert_eq!(app.client.all(path).len(), 2);
}

#[test]
fn a_secret_is_shown_nowhere() {
    let directory = Directory::new();
    let mut command = aufsicht(&directory.0);
    let settings = [("AUFSICHT_JWT_SECRET", SECRET), ("DATABASE_URL", "postgres://u:geheim@127.0.0.1:1/x")];
    let output = command.arg("--help").envs(settings).output().unwrap();
    assert!(!text(&output.stdout).contains(SECRET) && !text(&output.stdout).contains("geheim"));
    let output = aufsicht(&directory.0).arg("serve").envs(settings).output().unwrap();
    assert!(!text(&output.stderr).contains("geheim"), "{}", text(&output.stderr));
}

#[test]
fn the_demonstration_comes_into_an_empty_database_only() {
    let directory = Directory::new();
    let serve_demo = || {
        let mut command = aufsicht(&directory.0);
        command.args(["serve", "--demo"]).env("AUFSICHT_LISTEN", "127.0.0.1:0").env("AUFSICHT_JWT_SECRET", SECRET);
        serve(&mut command, "listens on").1
    };
    assert!(serve_demo().contains("Filled the database with"));
    assert!(serve_demo().contains("nothing was added"));
    // Nor into one for a service that cannot be.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = Directory::new();
    let mut command = aufsicht(&elsewhere.0);
    command.args(["serve", "--demo"]).env("AUFSICHT_LISTEN", taken.local_addr().unwrap().to_string());
    refused(&elsewhere, command.env("AUFSICHT_JWT_SECRET", SECRET), "cannot listen on 127.0.0.1:");
}

fn verify_names_differences(backend: Backend) {
    use diesel::connection::SimpleConnection;
    let directory = Directory::new();
    let (url, _database) = database(backend);
    let verify = || aufsicht(&directory.0).arg("verify").env("DATABASE_URL", &url).output().unwrap();
    let migrated = aufsicht(&directory.0).arg("migrate").env("DATABASE_URL", &url).output().unwrap();
    assert!(text(&migrated.stdout).starts_with("Applied "), "{}", text(&migrated.stderr));
    assert_eq!(verify().status.code(), Some(0));
    let mut db = aufsicht::db::connect(&aufsicht::Config::for_database(&url).unwrap().database).unwrap();
    db.batch_execute("INSERT INTO cube VALUES (2017, 'cases', '', '', '', '', '', '', '', '', '', 1, 0, 0, 0)")
        .unwrap();
    let found = verify();
    assert_eq!(found.status.code(), Some(1));
    assert_eq!(text(&found.stdout).lines().count(), 1, "{}", text(&found.stdout));
    assert!(text(&found.stdout).starts_with("cube: 2017 register=cases: received 1"));
}

#[test]
fn verify_names_differences_on_sqlite() {
    verify_names_differences(Backend::Sqlite);
}

#[test]
fn verify_names_differences_on_postgres() {
    verify_names_differences(Backend::Postgres);
}

#[test]
fn sigterm_ends_the_service_with_code_0() {
    let directory = Directory::new();
    migrate(&directory);
    let mut command = aufsicht(&directory.0);
    command.arg("serve").env("AUFSICHT_LISTEN", "127.0.0.1:0").env("AUFSICHT_JWT_SECRET", SECRET);
    let (mut running, printed) = serve(&mut command, "listens on");
    let address = printed.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let health = aufsicht(&directory.0).arg("health").env("AUFSICHT_LISTEN", &address).output().unwrap();
    assert_eq!(text(&health.stdout).trim(), "HTTP/1.1 200 OK");
    assert!(Command::new("sh").args(["-c", &format!("kill {}", running.0.id())]).status().unwrap().success());
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    assert!(!aufsicht(&directory.0).arg("health").env("AUFSICHT_LISTEN", &address).output().unwrap().status.success());
}

#[test]
fn secrets_are_in_no_log_and_in_no_list_of_processes() {
    let directory = Directory::new();
    migrate(&directory);
    let log = directory.0.join("log");
    let mut command = aufsicht(&directory.0);
    command
        .arg("serve")
        .env("AUFSICHT_LISTEN", "127.0.0.1:0")
        .env("AUFSICHT_JWT_SECRET", SECRET)
        .env("RUST_LOG", "trace");
    let mut running =
        Running(command.stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap());
    let mut first = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let base = first.split("listens on ").nth(1).unwrap().split("/ ").next().unwrap();
    let token = aufsicht(&directory.0)
        .args(["token", "--scope", "register:read", "--subject", "x"])
        .env("AUFSICHT_JWT_SECRET", SECRET)
        .output()
        .unwrap();
    let token = text(&token.stdout).trim().to_owned();
    let client = crate::support::Client::new(base, Some(token.clone()));
    client.get("/v1/cases").expect(200);
    let login = "grant_type=client_credentials&client_id=a&client_secret=geheimnis-4711";
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    client.anonymous().send("POST", "/oauth/token", &form, Some(login.as_bytes())).expect(401);
    client.with_token("falsch-4712.a.b").get("/v1/cases").expect(401);
    let feed = client.post("/v1/calendar-feeds", &json!({})).expect(201).json();
    let calendar = feed["address"].as_str().unwrap().strip_prefix(base).unwrap();
    client.anonymous().get(calendar).expect(200);
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("/v1/cases") && logged.contains("{feed_secret}/deadlines.ics"), "{logged}");
    let listed = std::fs::read(format!("/proc/{}/cmdline", running.0.id())).unwrap();
    let calendar = calendar.split('/').nth(4).unwrap();
    for secret in [SECRET, &token, "geheimnis-4711", "falsch-4712", calendar] {
        assert!(!logged.contains(secret) && !text(&listed).contains(secret), "{secret}");
    }
    let mut config = aufsicht::Config::for_database("postgres://u:geheim@h/x").unwrap();
    config.tokens.secret = Some(SECRET.into());
    assert_eq!(format!("{config:?}"), "Config { .. }");
}
