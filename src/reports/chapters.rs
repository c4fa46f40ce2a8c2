//! The authority's own chapters: the figures that they name, and their places among the sections.

use std::collections::BTreeMap;

use super::line::cells;
use super::prose;
use super::report::Section;
use super::request::ReportRequest;
use crate::db::Db;
use crate::error::Result;
use crate::messages::number_format::MISSING;
use crate::profile::{Chapter, ChapterPlace, FigureName, Profile, TextPart, parts};
use crate::statistics::layout::Layout;
use crate::statistics::repository::{self, TableRequest};
use crate::statistics::table::Table;

/// Figures that chapters name, as they are printed.
pub type NamedFigures = BTreeMap<FigureName, String>;

/// The chapters that stand in a report.
fn of<'p>(profile: &'p Profile, edition: &ReportRequest) -> impl Iterator<Item = &'p Chapter> {
    let (year, lang) = (edition.year, edition.lang);
    profile.chapters.iter().filter(move |chapter| chapter.stands_in(year, lang))
}

/// Reads the figures that the chapters of a report name.
pub fn figures(db: &mut Db, profile: &Profile, layout: &Layout, edition: &ReportRequest) -> Result<NamedFigures> {
    let mut tables: BTreeMap<(String, i32), Table> = BTreeMap::new();
    let mut figures = NamedFigures::new();
    let named = of(profile, edition).flat_map(|chapter| parts(&chapter.text)).filter_map(|part| match part {
        TextPart::Figure(name, _) => FigureName::parse(name),
        TextPart::Text(_) => None,
    });
    for name in named {
        let year = name.year.unwrap_or(edition.year);
        let place = (name.table.clone(), year);
        if !tables.contains_key(&place) {
            let years = year - 1..=year;
            let (lang, today) = (edition.lang, edition.today);
            let wanted = TableRequest { layout: &layout.name, table: &name.table, lang, years, today };
            tables.insert(place.clone(), repository::table(db, Some(layout), &wanted)?);
        }
        let line = tables.get(&place).and_then(|table| table.line(&name.code));
        let printed = line.map(|line| cells(profile.authority.writing(edition.lang), line)).unwrap_or_default();
        let printed = printed.into_iter().nth(if name.is_change { 2 } else { 1 });
        figures.insert(name, printed.unwrap_or_else(|| MISSING.to_owned()));
    }
    Ok(figures)
}

/// The sections with the chapters in their places.
pub fn placed(
    sections: Vec<Section>,
    figures: &NamedFigures,
    profile: &Profile,
    edition: &ReportRequest,
) -> Vec<Section> {
    let mut chapters: Vec<(ChapterPlace, Section)> =
        of(profile, edition).map(|chapter| written(chapter, figures)).collect();
    let mut out = Vec::new();
    for section in sections {
        let (before, after) = (ChapterPlace::Before(section.name.clone()), ChapterPlace::After(section.name.clone()));
        out.extend(chapters.extract_if(.., |(place, _)| *place == before).map(|(_, chapter)| chapter));
        out.push(section);
        out.extend(chapters.extract_if(.., |(place, _)| *place == after).map(|(_, chapter)| chapter));
    }
    // A chapter beside a table that this layout does not have is not lost.
    out.extend(chapters.into_iter().map(|(_, chapter)| chapter));
    out
}

fn written(chapter: &Chapter, figures: &NamedFigures) -> (ChapterPlace, Section) {
    let figure = |name: &str| {
        let printed = FigureName::parse(name).and_then(|name| figures.get(&name));
        printed.cloned().unwrap_or_else(|| MISSING.to_owned())
    };
    let blocks = prose::blocks(&chapter.text, figure);
    let section = Section { name: format!("chapters/{}", chapter.file), title: chapter.title.clone(), blocks };
    (chapter.place.clone(), section)
}
