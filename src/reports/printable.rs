//! Texts that can be printed: records hold any characters, and the fonts have glyphs for some.

use std::collections::BTreeSet;

use super::report::{Block, Grid, KeyFigure, Report};

/// The places in a report where something was replaced: ids of records, and names of sections for texts that belong to
/// no record.
pub type Replaced = BTreeSet<String>;

/// A report in which each character without a glyph is replaced by a sign, and what it was replaced in.
pub fn printable(report: &Report, sign: char, has_glyph: impl Fn(char) -> bool) -> (Report, Replaced) {
    let mut report = report.clone();
    let mut replaced = Replaced::new();
    let fit = |text: &mut String| fit(text, sign, &has_glyph);
    let cover = [&mut report.title, &mut report.subtitle, &mut report.authority, &mut report.date].into_iter();
    let cover =
        cover.chain(&mut report.address).chain(&mut report.logo).chain(&mut report.law).chain(&mut report.terms);
    for text in cover.chain(&mut report.status) {
        if fit(text) {
            replaced.insert("title".to_owned());
        }
    }
    for section in &mut report.sections {
        let name = section.name.clone();
        let mut note = |changed: bool, place: Option<&str>| {
            if changed {
                replaced.insert(place.unwrap_or(&name).to_owned());
            }
        };
        note(fit(&mut section.title), None);
        section.blocks.iter_mut().for_each(|each| block(each, &fit, &mut note));
    }
    (report, replaced)
}

/// Fits the texts of a block; `note` is told of each whether it changed, and of which record it is.
fn block(block: &mut Block, fit: &impl Fn(&mut String) -> bool, note: &mut impl FnMut(bool, Option<&str>)) {
    match block {
        Block::Text { text } | Block::Verbatim { text } => note(fit(text), None),
        Block::List { items } => items.iter_mut().for_each(|item| note(fit(item), None)),
        Block::Table(grid) => table(grid, fit, note),
        Block::Figures { figures } => {
            for KeyFigure { label, value, change } in figures {
                [label, value].into_iter().chain(change).for_each(|text| note(fit(text), None));
            }
        }
        Block::Chart { title: name, description, svg, .. } => {
            [name, description, svg].into_iter().for_each(|text| note(fit(text), None));
        }
        Block::Heading { runs, .. } | Block::Paragraph { runs } => {
            runs.iter_mut().for_each(|run| note(fit(&mut run.text), None));
        }
        Block::Points { points, .. } => {
            points.iter_mut().flatten().for_each(|each| self::block(each, fit, note));
        }
        Block::Quote { blocks } => blocks.iter_mut().for_each(|each| self::block(each, fit, note)),
    }
}

/// Fits the texts of a table; `note` is told of each whether it changed, and of which record it is.
fn table(grid: &mut Grid, fit: &impl Fn(&mut String) -> bool, note: &mut impl FnMut(bool, Option<&str>)) {
    let heads = grid.columns.iter_mut().map(|column| &mut column.name);
    let texts = heads.chain([&mut grid.caption]).chain(&mut grid.footnotes).chain(&mut grid.remarks);
    texts.for_each(|text| note(fit(text), None));
    for row in &mut grid.rows {
        for text in std::iter::once(&mut row.label).chain(&mut row.cells) {
            note(fit(text), row.record.as_deref());
        }
    }
}

/// Replaces what cannot be printed; true when there was any.
fn fit(text: &mut String, sign: char, has_glyph: impl Fn(char) -> bool) -> bool {
    let can_be_printed = |c: char| c == ' ' || c == '\n' || (!is_for_nobody(c) && has_glyph(c));
    if text.chars().all(can_be_printed) {
        return false;
    }
    let printed = |c: char| match c {
        c if can_be_printed(c) => c,
        c if c.is_whitespace() => ' ',
        _ => sign,
    };
    *text = text.chars().map(printed).collect();
    true
}

/// True for a character that means nothing that everybody knows: controls, private use, and code points that are no
/// characters.
fn is_for_nobody(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || matches!(code, 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xF_0000..)
        || code & 0xFFFE == 0xFFFE
        || code == 0xFEFF
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_what_has_no_glyph_and_leaves_the_rest() {
        let fitted = |text: &str| {
            let mut out = text.to_owned();
            let changed = fit(&mut out, '#', |c| c.is_ascii() || c == 'é' || c == '\u{e000}');
            (out, changed)
        };
        assert_eq!(fitted("Café\nx"), ("Café\nx".into(), false));
        assert_eq!(fitted("Projekt 😀\u{1}"), ("Projekt ##".into(), true));
        assert_eq!(fitted("a\tb\u{2003}c\u{e000}\u{fffe}"), ("a b c##".into(), true));
    }
}
