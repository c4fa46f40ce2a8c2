//! The chapters of the report that the authority writes itself: CommonMark, each with a head that says where it stands.

use super::files::ProfileFile;
use crate::authority::SECTIONS;
use pulldown_cmark::{Event, Parser};

use crate::calendar::YEARS;
use crate::messages::Lang;
use crate::source::{Refusal, SourceFault, did_you_mean, unknown};
use crate::statistics::layout::Layouts;

/// A chapter.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// The name of its file in `chapters`.
    pub file: String,
    /// Its title.
    pub title: String,
    /// The year of the reports that it stands in; none for all.
    pub year: Option<i32>,
    /// The language of the reports that it stands in; none for all.
    pub lang: Option<Lang>,
    /// The place in the report.
    pub place: ChapterPlace,
    /// The text (CommonMark), with figures named as `{{ table.code.year }}`.
    pub text: String,
}

/// The place of a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChapterPlace {
    /// Before a section, be it printed or not.
    Before(String),
    /// After it.
    After(String),
    /// After all sections.
    End,
}

/// The name of a figure in a text: `services.inquiries.total.2017`, or with `.change` its development.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FigureName {
    /// The table.
    pub table: String,
    /// The code of the line.
    pub code: String,
    /// The year; none for that of the report.
    pub year: Option<i32>,
    /// True for the development from the year before.
    pub is_change: bool,
}

impl FigureName {
    /// Reads a name.
    pub fn parse(name: &str) -> Option<FigureName> {
        let name = name.trim();
        let (name, is_change) = name.strip_suffix(".change").map_or((name, false), |name| (name, true));
        let (table, rest) = name.split_once('.')?;
        let year = rest.rsplit_once('.').and_then(|(code, last)| {
            let year = (last.len() == 4).then(|| last.parse::<i32>().ok()).flatten()?;
            Some((code, year))
        });
        let (code, year) = year.map_or((rest, None), |(code, year)| (code, Some(year)));
        Some(FigureName { table: table.to_owned(), code: code.to_owned(), year, is_change })
    }
}

/// A part of a text with figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPart<'t> {
    /// Text as it stands.
    Text(&'t str),
    /// The name of a figure, with its place in the text.
    Figure(&'t str, usize),
}

/// The parts of a text with figures.
pub fn parts(text: &str) -> Vec<TextPart<'_>> {
    let mut parts = Vec::new();
    let mut place = 0;
    while let Some(start) = text[place..].find("{{").map(|start| place + start) {
        let Some(length) = text[start..].find("}}") else { break };
        parts.push(TextPart::Text(&text[place..start]));
        parts.push(TextPart::Figure(&text[start + 2..start + length], start));
        place = start + length + 2;
    }
    parts.push(TextPart::Text(&text[place..]));
    parts
}

/// Reads the chapters of a profile. Where the layouts have faults of their own there are none, and it is not known which
/// tables and figures there are.
pub(super) fn read(
    files: &[ProfileFile],
    languages: &[Lang],
    layouts: &Layouts,
    faults: &mut Vec<SourceFault>,
) -> Vec<Chapter> {
    let mut chapters = Vec::new();
    for file in files {
        let mut refusals = Vec::new();
        let chapter = chapter(file.name(), &file.text, languages, layouts, &mut refusals);
        faults.extend(refusals.into_iter().map(|(place, reason)| file.fault(place, reason)));
        chapters.extend(chapter);
    }
    chapters
}

/// The keys of a head.
const KEYS: [&str; 4] = ["title", "year", "lang", "place"];

fn chapter(
    file: &str,
    text: &str,
    languages: &[Lang],
    layouts: &Layouts,
    refusals: &mut Vec<Refusal>,
) -> Option<Chapter> {
    let Some((head, body)) = split(text) else {
        let reason = "a chapter begins with its head between two lines of ---: title, year, lang and place";
        refusals.push((0, reason.into()));
        return None;
    };
    let mut chapter = Chapter {
        file: file.to_owned(),
        title: String::new(),
        year: None,
        lang: None,
        place: ChapterPlace::End,
        text: text[body..].to_owned(),
    };
    let mut told: Vec<&str> = Vec::new();
    for (at, name, value) in lines(&text[head.clone()]) {
        if told.contains(&name) {
            refusals.push((head.start + at, format!("{name} is there twice; leave one out")));
        }
        told.push(name);
        if let Err(reason) = chapter.set(name, value, languages, layouts) {
            refusals.push((head.start + at, reason));
        }
    }
    if chapter.title.is_empty() {
        refusals.push((0, "the title of the chapter is missing; write for example title = \"Foreword\"".into()));
    }
    if let Some(place) = too_deep(&chapter.text) {
        refusals.push((
            body + place,
            format!("lists and quotations lie within each other to {DEEPEST} levels at the most"),
        ));
    }
    refusals.extend(faulty_figures(&chapter.text, layouts).into_iter().map(|(at, reason)| (body + at, reason)));
    Some(chapter)
}

/// The refusals of what is named as a figure and is none, and of a figure that begins and does not end.
fn faulty_figures(text: &str, layouts: &Layouts) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut end = 0;
    for part in parts(text) {
        match part {
            TextPart::Figure(name, at) => {
                refusals.extend(doubtful(name, layouts).map(|reason| (at, reason)));
                end = at + name.len() + 4;
            }
            TextPart::Text(words) => {
                let open = words.find("{{").map(|at| end + at);
                refusals.extend(open.map(|at| (at, "{{ is not closed: a figure stands between {{ and }}".to_owned())));
                end += words.len();
            }
        }
    }
    refusals
}

/// The levels to which blocks may lie within each other.
const DEEPEST: usize = 12;

/// The place of the first block that lies too deep. Who prints goes down with the levels, and would run out of memory.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut events = Parser::new(text).into_offset_iter();
    events.find_map(|(event, span)| {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        (depth > 2 * DEEPEST).then_some(span.start)
    })
}

/// The lines of a head: the place of each, its name and its value.
fn lines(head: &str) -> Vec<(usize, &str, &str)> {
    let mut found = Vec::new();
    let mut place = 0;
    for line in head.split_inclusive('\n') {
        let written = line.trim();
        if !written.is_empty() && !written.starts_with('#') {
            let (name, value) = written.split_once(['=', ':']).unwrap_or((written, ""));
            found.push((place, name.trim(), value.trim().trim_matches(['"', '\'']).trim()));
        }
        place += line.len();
    }
    found
}

/// The span of the head, and the beginning of the text.
fn split(text: &str) -> Option<(std::ops::Range<usize>, usize)> {
    let first = text.split_inclusive('\n').next()?;
    let mark = first.trim_end();
    if !["---", "+++"].contains(&mark.trim_start_matches('\u{feff}')) {
        return None;
    }
    let mark = mark.trim_start_matches('\u{feff}');
    let mut place = first.len();
    for line in text[first.len()..].split_inclusive('\n') {
        if line.trim_end() == mark {
            return Some((first.len()..place, place + line.len()));
        }
        place += line.len();
    }
    None
}

impl Chapter {
    /// Sets what a line of the head says.
    fn set(&mut self, name: &str, value: &str, languages: &[Lang], layouts: &Layouts) -> Result<(), String> {
        match name {
            "title" => self.title = crate::text::line(value).map_err(|why| format!("the title {why}"))?.into_owned(),
            "year" => {
                let year = value.parse().ok().filter(|year| YEARS.contains(year));
                self.year = Some(year.ok_or_else(|| format!("{value} is no year; write for example year = 2024"))?);
            }
            "lang" => {
                let lang = languages.iter().find(|lang| lang.code() == value).copied();
                let reason = || format!("the authority does not work in {value}; it does in {}", Lang::list(languages));
                self.lang = Some(lang.ok_or_else(reason)?);
            }
            "place" => self.place = place(value, layouts)?,
            _ => {
                return Err(unknown(name, KEYS));
            }
        }
        Ok(())
    }

    /// True if the chapter stands in the report of a year in a language.
    pub fn stands_in(&self, year: i32, lang: Lang) -> bool {
        self.year.is_none_or(|of| of == year) && self.lang.is_none_or(|of| of == lang)
    }
}

fn place(value: &str, layouts: &Layouts) -> Result<ChapterPlace, String> {
    let mut known: Vec<&str> =
        layouts.iter().flat_map(|layout| layout.tables()).map(|table| table.name.as_str()).collect();
    known.dedup();
    known.extend(SECTIONS);
    let (side, section) = match value.split_once(':') {
        Some((side, section)) => (side.trim(), section.trim()),
        None if value == "end" => return Ok(ChapterPlace::End),
        None => return Err(format!("{value} is no place; write before:SECTION, after:SECTION or end")),
    };
    if !known.contains(&section) && layouts.get(None).is_some() {
        let meant = did_you_mean(section, known.iter().copied());
        return Err(format!("there is no section {section}{meant}; there are {}", known.join(", ")));
    }
    match side {
        "before" => Ok(ChapterPlace::Before(section.to_owned())),
        "after" => Ok(ChapterPlace::After(section.to_owned())),
        _ => Err(format!("{side} is no place; write before:{section} or after:{section}")),
    }
}

/// The reason why a name is none of a figure, if it is none.
fn doubtful(name: &str, layouts: &Layouts) -> Option<String> {
    let main = layouts.get(None).and_then(|layout| Some((layout.main_table()?, layout.total.as_ref()?)));
    let example = main.map_or_else(String::new, |(table, total)| {
        format!(
            "write for example {{{{ {}.{total}.{} }}}}",
            table.name,
            table.line(total).map_or(2017, |line| line.a_year_near(2017))
        )
    });
    let Some(figure) = FigureName::parse(name) else {
        return Some(format!("{} is no figure; {example}", name.trim()));
    };
    layouts.get(None)?;
    let tables = || layouts.iter().flat_map(|layout| layout.tables());
    let FigureName { table, code, year, .. } = &figure;
    if !tables().any(|known| known.name == *table) {
        let meant = did_you_mean(table, tables().map(|known| known.name.as_str()));
        return Some(format!("there is no table {table}{meant}; {example}"));
    }
    let lines = || tables().filter(|known| known.name == *table).flat_map(|table| &table.lines);
    let Some(line) = lines().find(|line| line.code == *code) else {
        let meant = did_you_mean(code, lines().map(|line| line.code.as_str()));
        return Some(format!("the table {table} has no line {code}{meant}; {example}"));
    };
    let year = (*year)?;
    match YEARS.contains(&year) && line.is_collected(year) {
        true => None,
        false => Some(format!("the line {code} of the table {table} was not collected in {year}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn read(text: &str) -> (Option<Chapter>, Vec<(usize, String)>) {
        let profile = Profile::embedded().unwrap();
        let mut refusals = Vec::new();
        let chapter = chapter("a.md", text, &profile.authority.languages, &profile.layouts, &mut refusals);
        let lines = refusals.into_iter().map(|(place, reason)| (text[..place].matches('\n').count() + 1, reason));
        (chapter, lines.collect())
    }

    #[test]
    fn a_chapter_says_where_it_stands_and_names_figures() {
        let text = "---\ntitle = \"Vorwort\"\nyear = 2017\nlang: de\nplace = \"before:services\"\n---\n\
            Es waren {{ services.inquiries.total.2017 }}, {{ services.inquiries.total.2017.change }}.\n";
        let (chapter, refusals) = read(text);
        let chapter = chapter.unwrap();
        assert_eq!(refusals, []);
        assert_eq!(
            (chapter.title.as_str(), chapter.place.clone()),
            ("Vorwort", ChapterPlace::Before("services".into()))
        );
        assert!(
            chapter.stands_in(2017, Lang::De)
                && !chapter.stands_in(2016, Lang::De)
                && !chapter.stands_in(2017, Lang::Fr)
        );
        assert!(chapter.text.starts_with("Es waren"));
    }

    #[test]
    fn faults_are_told_with_their_lines() {
        let deep = format!("---\ntitle = \"x\"\n---\n{} x\n", ">".repeat(200));
        assert!(read(&deep).1[0].1.contains("12 levels"), "{:?}", read(&deep).1);
        let list: String = (0..30).map(|level| format!("{}- x\n", "  ".repeat(level))).collect();
        assert_eq!(read(&format!("---\ntitle = \"x\"\n---\n{list}")).1.len(), 1);
        let text = "---\ntitel = \"x\"\nyear = 20177\nlang = \"rm\"\nplace = \"before:servics\"\n---\n\nA {{ services.inquiries.totl.2017 }}\n\
            {{ tables.x.2017 }} {{ x }} {{ services.inquiries.canton.2005 }}\n";
        let (_, refusals) = read(text);
        let lines: Vec<usize> = refusals.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 1, 8, 9, 9, 9], "{refusals:?}");
        assert!(refusals[5].1.contains("did you mean inquiries.total?"), "{refusals:?}");
        assert!(read("Nur Text").1[0].1.contains("head"));
    }

    #[test]
    fn names_of_figures_are_read_from_their_end() {
        let name = |text: &str| FigureName::parse(text).map(|name| (name.code, name.year, name.is_change));
        assert_eq!(name(" services.a.b.2017 "), Some(("a.b".into(), Some(2017), false)));
        assert_eq!(name("services.a.b.change"), Some(("a.b".into(), None, true)));
        assert_eq!(name("services.a.2017.change"), Some(("a".into(), Some(2017), true)));
        assert_eq!(name("services"), None);
    }
}
