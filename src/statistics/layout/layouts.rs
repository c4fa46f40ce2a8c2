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
                Ok(layout) => {
                    faults.extend(second(file, text, &layout, &layouts));
                    layouts.push(layout);
                }
                Err(more) => faults.extend(more),
            }
        }
        if layouts.is_empty() && faults.is_empty() {
            let reason = "there is no layout: a profile has one file in tables at least".into();
            faults.push(SourceFault { file: "tables".into(), line: 0, reason });
        }
        if faults.is_empty() { Ok(Layouts(layouts)) } else { Err(faults) }
    }

    /// Makes the layout that has the name, or had it, the usual one; fails with the names that there are.
    pub fn put_first(&mut self, name: &str) -> Result<(), Vec<&str>> {
        match self.0.iter().position(|layout| layout.is_called(name)) {
            Some(place) => {
                self.0[..=place].rotate_right(1);
                Ok(())
            }
            None => Err(self.0.iter().map(|layout| layout.name.as_str()).collect()),
        }
    }

    /// The layout that has that name, or had it; without a name the default.
    pub fn get(&self, name: Option<&str>) -> Option<&Layout> {
        match name {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|layout| layout.is_called(name)),
        }
    }

    /// The names under which the figures of a layout are kept that may be gone.
    pub fn names_of(&self, name: &str) -> Vec<String> {
        self.get(Some(name)).map_or_else(|| vec![name.to_owned()], Layout::names)
    }

    /// All layouts.
    pub fn iter(&self) -> impl Iterator<Item = &Layout> {
        self.0.iter()
    }
}

/// The fault of a layout with a name that another one has, or had.
fn second(file: &str, text: &str, layout: &Layout, earlier: &[Layout]) -> Option<SourceFault> {
    let is_taken = |name: &String| earlier.iter().any(|other| other.is_called(name));
    let name = layout.names().into_iter().rfind(is_taken)?;
    let key = if name == layout.name { "name" } else { "was" };
    let line = text.lines().position(|line| line.trim_start().starts_with(key)).unwrap_or(0) + 1;
    let reason = match earlier.iter().any(|other| other.name == name) {
        true => format!("there is another layout with the name {name}"),
        false => format!("another layout had the name {name}: its publications can go to one of the two only"),
    };
    Some(SourceFault { file: file.to_owned(), line, reason })
}
