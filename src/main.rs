//! The command `aufsicht`.

fn main() -> std::process::ExitCode {
    aufsicht::cli::main()
}
