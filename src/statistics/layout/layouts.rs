//! The layouts of an authority.

use super::{Layout, LayoutContext};
use crate::source::SourceFault;

/// The layouts there are, the default first.
#[derive(Debug, Default)]
pub struct Layouts(Vec<Layout>);

impl Layouts {
    /// Reads layouts from files, each given by its path and its text; the faults of all of them come at once.
    pub fn read<'f>(
        files: impl Iterator<Item = (&'f str, &'f str)>,
        context: LayoutContext,
    ) -> Result<Layouts, Vec<SourceFault>> {
        let (mut layouts, mut faults) = (Vec::<Layout>::new(), Vec::new());
        for (file, text) in files {
            match Layout::parse(file, text, context) {
                Ok(layout) if layouts.iter().any(|other| other.name == layout.name) => {
                    let line = text.lines().position(|line| line.trim_start().starts_with("name")).unwrap_or(0) + 1;
                    let reason = format!("there is another layout with the name {}", layout.name);
                    faults.push(SourceFault { file: file.to_owned(), line, reason });
                }
                Ok(layout) => layouts.push(layout),
                Err(more) => faults.extend(more),
            }
        }
        if layouts.is_empty() && faults.is_empty() {
            let reason = "there is no layout: a profile has one file in tables at least".into();
            faults.push(SourceFault { file: "tables".into(), line: 0, reason });
        }
        if faults.is_empty() { Ok(Layouts(layouts)) } else { Err(faults) }
    }

    /// Makes a layout the usual one; fails with the names that there are.
    pub fn put_first(&mut self, name: &str) -> Result<(), Vec<&str>> {
        match self.0.iter().position(|layout| layout.name == name) {
            Some(place) => {
                self.0[..=place].rotate_right(1);
                Ok(())
            }
            None => Err(self.0.iter().map(|layout| layout.name.as_str()).collect()),
        }
    }

    /// The layout of that name; without a name the default.
    pub fn get(&self, name: Option<&str>) -> Option<&Layout> {
        match name {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|layout| layout.name == name),
        }
    }

    /// All layouts.
    pub fn iter(&self) -> impl Iterator<Item = &Layout> {
        self.0.iter()
    }
}
