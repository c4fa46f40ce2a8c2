//! The profile of the authority, and what the public sees of its statistics.

use std::path::PathBuf;

/// The profile of the authority.
#[derive(Clone, Default, clap::Args)]
#[command(next_help_heading = "Profile of the authority")]
pub struct ProfileSettings {
    /// Folder with the profile of the authority: authority.toml, vocabulary.toml, tables/*.toml, chapters/*.md (default: the
    /// embedded one)
    #[arg(id = "PROFILE_DIR", long = "profile-dir", env = "AUFSICHT_PROFILE_DIR", global = true)]
    pub directory: Option<PathBuf>,

    /// Directory with further layouts of the statistics tables (*.toml)
    #[arg(id = "LAYOUT_DIR", long = "layout-dir", env = "AUFSICHT_LAYOUT_DIR", global = true)]
    pub layout_directory: Option<PathBuf>,

    /// Layout of the statistics tables where none is asked for (default: the one that the profile names)
    #[arg(id = "LAYOUT", long = "layout", env = "AUFSICHT_LAYOUT", global = true)]
    pub layout: Option<String>,
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
