//! The letters of what is printed. They are in the binary, so that a report looks the same everywhere.

/// The family. Its licence lies beside it.
pub const FAMILY: &str = "Libertinus Serif";

/// Its faces.
pub static FACES: [&[u8]; 4] = [
    include_bytes!("fonts/LibertinusSerif-Regular.otf"),
    include_bytes!("fonts/LibertinusSerif-Bold.otf"),
    include_bytes!("fonts/LibertinusSerif-Italic.otf"),
    include_bytes!("fonts/LibertinusSerif-BoldItalic.otf"),
];
