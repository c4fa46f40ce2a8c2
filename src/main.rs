//! The command `aufsicht`.

/// Many threads read at once: the system's allocator would have them wait for each other.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    aufsicht::cli::main()
}
