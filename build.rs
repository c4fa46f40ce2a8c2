//! The version that the command tells: with the commit and its day, where these are known. A build for development does not ask
//! for them, since each commit would have everything built anew.

use std::path::Path;
use std::process::Command;

fn main() {
    for path in ["build.rs", "migrations"] {
        println!("cargo::rerun-if-changed={path}");
    }
    for name in ["BUILD_COMMIT", "BUILD_DATE"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let version = variable("CARGO_PKG_VERSION").unwrap_or_default();
    let told = match given().or_else(of_repository) {
        Some((commit, date)) => format!("{version} ({commit}, {date})"),
        None => version,
    };
    println!("cargo::rustc-env=BUILD_VERSION={told}");
}

/// A variable that is set to a word.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// The commit and the day that whoever builds names, since the sources have no repository there.
fn given() -> Option<(String, String)> {
    Some((variable("BUILD_COMMIT")?, variable("BUILD_DATE")?))
}

/// The commit and the day of the repository that the sources lie in. A repository around the folder is another one's.
fn of_repository() -> Option<(String, String)> {
    if variable("PROFILE").as_deref() != Some("release") {
        return None;
    }
    let root = Path::new(&git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()?;
    if root != std::env::current_dir().ok()?.canonicalize().ok()? {
        return None;
    }
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists());
        path.into_iter().for_each(|path| println!("cargo::rerun-if-changed={path}"));
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    let commit = if is_changed { commit + "-changed" } else { commit };
    Some((commit, git(&["log", "-1", "--format=%cs"])?))
}

/// The answer of git; none where there is no git, or no repository.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
