//! The statistics: their layouts, and what the public sees of them.

use std::path::PathBuf;

/// The layouts of the statistics tables.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Statistics")]
pub struct LayoutSettings {
    /// Directory with further layouts of the statistics tables (*.toml)
    #[arg(id = "LAYOUT_DIR", long = "layout-dir", env = "AUFSICHT_LAYOUT_DIR", global = true)]
    pub directory: Option<PathBuf>,

    /// Layout of the statistics tables where none is asked for
    #[arg(id = "LAYOUT", long = "layout", env = "AUFSICHT_LAYOUT", default_value = "lucerne", global = true)]
    pub usual: String,
}

/// The statistics that anybody may read.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Public statistics")]
pub struct PublicSettings {
    /// Layout whose published tables anybody may read, without a token; small numbers are not shown then (default: none)
    #[arg(
        id = "PUBLIC_STATISTICS",
        long = "public-statistics",
        env = "AUFSICHT_PUBLIC_STATISTICS",
        value_name = "LAYOUT",
        global = true
    )]
    pub layout: Option<String>,

    /// Numbers from 1 to this (2 at least) are small: hidden where no token was shown, with what they could be computed from
    #[arg(id = "PUBLIC_THRESHOLD", long = "public-threshold", env = "AUFSICHT_PUBLIC_THRESHOLD", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=1000), global = true)]
    pub threshold: u32,
}
