//! The command `aufsicht`.

/// Much is allocated on many threads, and little of it lives long.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    aufsicht::cli::main()
}
