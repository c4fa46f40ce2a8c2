//! Tables of a document: the head is repeated on each page, and a row stands on one.

use maud::{Markup, html};

use super::{Look, paragraph, run, said};
use crate::formats::for_xml;
use crate::reports::report::{ColumnType, Grid, GridRow};

/// The width of the text on a page, in twentieths of a point.
const PAGE: usize = 9638;

/// The room that a letter takes, that a bold one takes, and that around a text.
const LETTER: usize = 110;
const BOLD: usize = 130;
const AROUND: usize = 180;

/// The widths of the columns: each has room for its longest word, and texts share what is left.
fn widths(grid: &Grid) -> Vec<usize> {
    let least: Vec<usize> = (0..grid.columns.len()).map(|index| least_width(grid, index)).collect();
    let is_wide = |index: usize| index == 0 || grid.columns[index].holds == ColumnType::Text;
    let taken: usize = least.iter().sum();
    if taken > PAGE {
        return least.iter().map(|width| width * PAGE / taken).collect();
    }
    let room = (PAGE - taken) / (0..least.len()).filter(|index| is_wide(*index)).count().max(1);
    let widen = |(index, width): (usize, usize)| match index {
        0 if grid.is_small() => (width + room).min(width.max(4200)),
        _ if is_wide(index) => width + room,
        _ => width,
    };
    least.into_iter().enumerate().map(widen).collect()
}

/// The width that a column has at the least.
fn least_width(grid: &Grid, index: usize) -> usize {
    let column = &grid.columns[index];
    let held = grid.rows.iter().filter_map(|row| match index {
        0 => Some(row.label.as_str()),
        _ => row.cells.get(index - 1).map(String::as_str),
    });
    let needed = (LETTER * held.map(longest_word).max().unwrap_or(0)).max(BOLD * longest_word(&column.name));
    let usual = match column.holds {
        ColumnType::Numbers if grid.columns.len() > 6 => 760,
        ColumnType::Numbers => 1250,
        ColumnType::Words => 1400,
        ColumnType::Text => 0,
    };
    usual.max(needed + AROUND)
}

fn longest_word(text: &str) -> usize {
    text.split(' ').map(|word| word.chars().count()).max().unwrap_or(0)
}

/// A cell: its width, its words, true for numbers, and true if it stays with the row below.
fn cell(width: usize, words: &Markup, is_number: bool, stays: bool) -> Markup {
    html! {
        w:tc {
            w:tcPr { w:tcW w:w=(width) w:type="dxa" {} }
            w:p {
                w:pPr {
                    w:pStyle w:val="TableText" {}
                    @if stays { w:keepNext {} }
                    @if is_number { w:jc w:val="right" {} }
                }
                (words)
            }
        }
    }
}

/// The beginning of a table: its look, its text for those who hear it, and the widths.
fn begin(widths: &[usize], words: &str, has_head: bool) -> Markup {
    html! {
        w:tblPr {
            w:tblStyle w:val="Figures" {}
            w:tblW w:w=(widths.iter().sum::<usize>()) w:type="dxa" {}
            w:tblLayout w:type="fixed" {}
            w:tblLook w:val=(if has_head { "06A0" } else { "0680" }) w:firstRow=(u8::from(has_head)) w:lastRow="0" w:firstColumn="1" w:lastColumn="0" w:noHBand="1" w:noVBand="1" {}
            @if !words.is_empty() { w:tblCaption w:val=(for_xml(words)) {} }
        }
        w:tblGrid { @for width in widths { w:gridCol w:w=(width) {} } }
    }
}

/// A table of a report below its heading.
pub(super) fn table(grid: &Grid, heading: &str) -> Markup {
    let (_, caption) = grid.caption_below(heading);
    let widths = widths(grid);
    let is_number = |index: usize| grid.columns.get(index).is_some_and(|column| column.holds == ColumnType::Numbers);
    let bold = Look { bold: true, ..Look::default() };
    let head = grid.columns.iter().enumerate().zip(&widths);
    let last = grid.rows.len().saturating_sub(1);
    html! {
        @if !caption.is_empty() { (said("Caption", caption)) }
        w:tbl {
            (begin(&widths, &grid.caption, true))
            w:tr {
                w:trPr { w:cantSplit {} w:tblHeader {} }
                @for ((index, column), width) in head { (cell(*width, &run(&column.name, bold), is_number(index), true)) }
            }
            @for (place, each) in grid.rows.iter().enumerate() {
                @let stays = place < last && !grid.is_list();
                w:tr {
                    w:trPr { w:cantSplit {} }
                    (cell(widths[0], &label(each), false, stays))
                    @for (index, text) in each.cells.iter().enumerate() {
                        @let look = Look { bold: each.level == 0, ..Look::default() };
                        (cell(widths.get(index + 1).copied().unwrap_or(760), &run(text, look), is_number(index + 1), stays))
                    }
                }
            }
        }
        @for (index, note) in grid.footnotes.iter().enumerate() {
            @let number = run(&(index + 1).to_string(), Look { superscript: true, ..Look::default() });
            (paragraph("Note", &html! { (number) (run(&format!(" {note}"), Look::default())) }))
        }
        @for remark in &grid.remarks { (said("Note", remark)) }
        @if grid.footnotes.is_empty() && grid.remarks.is_empty() { (said("Note", "")) }
    }
}

/// The name of a row with the numbers of its footnotes.
fn label(row: &GridRow) -> Markup {
    let look = Look { bold: row.level == 0, ..Look::default() };
    let indented = if row.level > 1 { format!("\u{2003}{}", row.label) } else { row.label.clone() };
    let notes: Vec<String> = row.footnotes.iter().map(u32::to_string).collect();
    html! {
        (run(&indented, look))
        @if !notes.is_empty() { (run(&format!("\u{a0}{}", notes.join("\u{a0}")), Look { superscript: true, ..Look::default() })) }
    }
}

/// A table without a head: a name, a figure and what is said of it.
pub(super) fn plain(rows: &[[String; 3]]) -> Markup {
    let widths = [4600, 1600, 3438];
    let bold = Look { bold: true, ..Look::default() };
    html! {
        w:tbl {
            (begin(&widths, "", false))
            @for [name, figure, change] in rows {
                w:tr {
                    w:trPr { w:cantSplit {} }
                    (cell(widths[0], &run(name, Look::default()), false, true))
                    (cell(widths[1], &run(figure, bold), true, true))
                    (cell(widths[2], &run(change, Look::default()), false, true))
                }
            }
        }
        (said("Note", ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_within_the_page_and_words_within_their_columns() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let staff =
            ["Stellenprozente", "Neue Geschäftsfälle", "Pendent", "Neu je Vollzeitstelle", "Pendent je Vollzeitstelle"];
        let mut staffing = Grid::of_numbers("", "Jahr", names(&staff));
        staffing.row(1, "2017".to_owned(), names(&["150", "321", "55", "214.0", "36.7"]));
        let mut years = Grid::of_numbers("", "Rubrik", (2010..2030).map(|year| year.to_string()));
        years.row(1, "Rubrik".to_owned(), (2010..2030).map(|_| "1’000’000".to_owned()));
        let columns = [("Dokument", ColumnType::Text), ("Datum", ColumnType::Words), ("Art", ColumnType::Words)];
        let mut published = Grid::of("", columns.map(|(name, holds)| (name.to_owned(), holds)));
        published.row(1, "Merkblatt".to_owned(), names(&["12.09.2017", "Stellungnahme"]));
        for grid in [&staffing, &years, &published] {
            let widths = widths(grid);
            assert!(widths.len() == grid.columns.len() && widths.iter().sum::<usize>() <= PAGE, "{widths:?}");
        }
        assert!(widths(&published)[2] >= LETTER * "Stellungnahme".len() + AROUND);
        assert!(widths(&staffing)[1] > widths(&staffing)[3], "a long word has more room");
    }
}
