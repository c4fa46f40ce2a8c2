//! The header of a list: told, or found below titles, and put together where it takes two rows.

/// The rows of a list that are looked at for its header.
pub const LOOKED_AT: usize = 20;

/// The header of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number of its row; of the last one where it takes two.
    pub row: u64,
    /// The names of the columns.
    pub names: Vec<String>,
}

impl Header {
    /// The number of names that are known.
    pub fn known(&self, knows: impl Fn(&str) -> bool) -> usize {
        self.names.iter().filter(|name| knows(name)).count()
    }
}

/// Finds the header among the first rows that are not blank: the row with the most names that are known, at least two and half of
/// its own, or else the first one.
pub fn find(rows: &[(u64, Vec<String>)], knows: impl Fn(&str) -> bool) -> Option<Header> {
    let mut best = named(rows, 0, &knows)?;
    for place in 1..rows.len() {
        let candidate = named(rows, place, &knows)?;
        let (known, all) = (candidate.known(&knows), candidate.names.iter().filter(|name| !name.is_empty()).count());
        if known >= 2 && 2 * known >= all && known > best.known(&knows) {
            best = candidate;
        }
    }
    Some(best)
}

/// The header that is in the row of that number.
pub fn told(rows: &[(u64, Vec<String>)], row: u64, knows: impl Fn(&str) -> bool) -> Option<Header> {
    named(rows, rows.iter().position(|(number, _)| *number == row)?, &knows)
}

/// The names in a row, or in it and the one above it where more of those are known.
fn named(rows: &[(u64, Vec<String>)], place: usize, knows: impl Fn(&str) -> bool) -> Option<Header> {
    let (row, cells) = rows.get(place)?;
    let names = |cells: &[String]| {
        let mut names: Vec<String> = cells.iter().map(|name| name.trim().to_owned()).collect();
        let end = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        names.truncate(end);
        Header { row: *row, names }
    };
    let alone = names(cells);
    let above = place.checked_sub(1).and_then(|above| rows.get(above));
    let both = above.map(|(_, above)| names(&joined(above, cells, &knows)));
    Some(both.filter(|both| both.known(&knows) > alone.known(&knows)).unwrap_or(alone))
}

/// The names that two rows make: a group's name above stands over all columns up to the next one, a broken name goes on below, and
/// one that takes both rows stands in the upper one.
fn joined(above: &[String], below: &[String], knows: impl Fn(&str) -> bool) -> Vec<String> {
    let mut group = "";
    let cell = |row: &'_ [String], column: usize| row.get(column).map_or("", |cell| cell.trim()).to_owned();
    (0..above.len().max(below.len()))
        .map(|column| {
            let (own, lower) = (cell(above, column), cell(below, column));
            if !own.is_empty() {
                group = above.get(column).map_or("", |cell| cell.trim());
            }
            let unbroken = group.strip_suffix('-').map(|start| format!("{start}{lower}"));
            let candidates = [unbroken, Some(lower.clone()), Some(format!("{group} {lower}")), Some(own.clone())];
            let known = candidates.into_iter().flatten().find(|name| !name.is_empty() && knows(name));
            known.unwrap_or(if lower.is_empty() { own } else { lower })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&str]) -> Vec<(u64, Vec<String>)> {
        (1..).zip(texts.iter().map(|row| row.split(';').map(str::to_owned).collect())).collect()
    }

    fn knows(name: &str) -> bool {
        ["Nummer", "Titel", "Eingang", "Eingangsdatum", "Erledigt am", "Gemeinde"].contains(&name)
    }

    #[test]
    fn the_header_is_found_below_titles() {
        let list = rows(&["Geschäfte 2017;;", "Stand: heute;;", "Nummer;Titel;Eingang", "1;Gemeinde;2.3.2017"]);
        let header = find(&list, knows).unwrap();
        assert_eq!((header.row, header.names), (3, vec!["Nummer".into(), "Titel".into(), "Eingang".into()]));
        // A row of a list whose names are not known is none.
        let unknown = rows(&["Sparte;Was;Wann", "Gemeinde;x;2.3.2017"]);
        assert_eq!(find(&unknown, knows).unwrap().row, 1);
        assert_eq!(told(&list, 1, knows).unwrap().names, ["Geschäfte 2017"]);
        assert_eq!((told(&list, 9, knows), find(&[], knows)), (None, None));
    }

    #[test]
    fn a_header_of_two_rows_is_put_together() {
        let list = rows(&["Geschäft;;Eingangs-;Erledigt;Gemeinde", "Nummer;Titel;datum;am;", "1;x;2.3.2017;;Horw"]);
        let header = find(&list, knows).unwrap();
        assert_eq!((header.row, header.names.join(";")), (2, "Nummer;Titel;Eingangsdatum;Erledigt am;Gemeinde".into()));
    }
}
