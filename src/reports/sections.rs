//! The sections of the report, drawn from the figures.

use super::builder::{NAMED, ReportBuilder, chart, in_order};
use super::chapters;
use super::figures::{DrawnTable, Figures};
use super::report::{Block, Grid, Report, Section};
use super::request::ReportRequest;
use super::sentences;
use crate::decimal::Decimal;
use crate::formats::HIDDEN;
use crate::formats::chart::{Chart, ChartKind, Series};
use crate::messages::number_format;
use crate::profile::Profile;
use crate::statistics::backlog::Pending;
use crate::statistics::durations::{Distribution, DurationGroup};
use crate::statistics::layout::Layout;
use crate::statistics::provisional::{self, Progress};
use crate::statistics::publications::PublishedYear;
use crate::statistics::staffing::StaffYear;
use crate::statistics::table::Basis;

/// The table that stands with what else is known of media requests.
const MEDIA: &str = "media-requests";

impl Report {
    /// The report that the figures give.
    pub fn of(figures: &Figures, profile: &Profile, layout: &Layout, edition: &ReportRequest) -> Report {
        let writing = profile.authority.writing(edition.lang);
        let draft = ReportBuilder { figures, edition, lang: edition.lang, writing, profile };
        // Media requests stand before what the service knows of them besides.
        let (media, tables): (Vec<&DrawnTable>, Vec<&DrawnTable>) =
            figures.tables.iter().partition(|drawn| drawn.name == MEDIA);
        let tables = tables.into_iter().chain(media).map(|drawn| draft.layout_table(drawn)).collect();
        let is_calendar = layout.tables().all(|table| table.period.is_calendar());
        let authority = &profile.authority;
        Report {
            lang: edition.lang.code(),
            title: draft.title(),
            status: draft.status(),
            subtitle: layout.title.get(edition.lang).to_owned(),
            authority: authority.name.get(edition.lang).to_owned(),
            address: authority.sender(),
            logo: profile.logo.clone(),
            law: authority.law.as_ref().map(|law| law.get(edition.lang).to_owned()),
            terms: authority.terms.as_ref().map(|terms| terms.get(edition.lang).to_owned()),
            year: edition.year,
            date: edition.lang.day(edition.today),
            contents: draft.text("report-contents"),
            sections: draft.arranged(tables, draft.own_sections(layout), is_calendar),
        }
    }
}

impl ReportBuilder<'_> {
    /// The overview, the tables and the software's own sections, these with the authority's words for them and without those that
    /// it leaves out, and its chapters among them; none that says nothing. Beside tables of business years the own sections, and
    /// the figures of the overview that are the software's own, say that they count calendar years. A table may be called like an
    /// own section: they are told apart.
    fn arranged(&self, tables: Vec<Section>, own: Vec<(&str, Section)>, is_calendar: bool) -> Vec<Section> {
        let authority = &self.profile.authority;
        let named = |(name, section): (&str, Section)| {
            let title = authority.sections.get(name).map_or(section.title, |title| title.get(self.lang).to_owned());
            let is_of_year = !["overview", "sources"].contains(&name);
            let is_taken = tables.iter().any(|table| table.name == name);
            Section {
                name: if is_taken { format!("sections/{name}") } else { name.to_owned() },
                title: match is_calendar || !is_of_year {
                    true => title,
                    false => self.writing.message("report-calendar-years", &[("title", &title)]),
                },
                blocks: if authority.has_section(name) { section.blocks } else { Vec::new() },
            }
        };
        let overview = named(("overview", self.overview(is_calendar)));
        let own: Vec<Section> = own.into_iter().map(named).collect();
        let sections = std::iter::once(overview).chain(tables).chain(own).collect();
        let mut all = chapters::placed(sections, &self.figures.named, self.profile, self.edition);
        all.retain(|section| !section.blocks.is_empty());
        all
    }

    /// The sections that are the software's own, in the order of their names; of a year that has not begun there is less.
    fn own_sections(&self, layout: &Layout) -> Vec<(&'static str, Section)> {
        let mut sections = vec![("topics", self.media_topics())];
        if Progress::of(self.edition.year, self.edition.today) != Progress::Ahead {
            sections.extend([
                ("backlog", self.backlog()),
                ("durations", self.durations()),
                ("municipalities", self.municipalities()),
                ("projects", self.projects()),
                ("audits", self.audits()),
                ("events", self.events()),
                ("proceedings", self.proceedings()),
                ("publications", self.publications()),
                ("cooperation", self.cooperation()),
            ]);
        }
        sections.extend([
            ("website", self.website()),
            ("staffing", self.staffing()),
            ("sources", self.sources(layout)),
        ]);
        sections
    }

    /// A table of the layout, with its charts.
    fn layout_table(&self, drawn: &DrawnTable) -> Section {
        let mut blocks = vec![Block::Table(self.table(&drawn.table, &drawn.title))];
        // Media requests have their topics instead of a chart.
        let charts = drawn.charts.iter().filter(|_| drawn.name != MEDIA);
        blocks.extend(charts.map(|drawing| chart(self.writing, drawing)));
        Section { name: drawn.name.clone(), ..self.titled(&drawn.title, blocks) }
    }

    fn backlog(&self) -> Section {
        let closing = if self.as_of().is_some() { "report-closing-today" } else { "report-closing" };
        let columns = ["report-opening", "report-received", "report-closed", closing, "report-closed-share"];
        let columns = columns.map(|column| self.text(column));
        let mut grid = Grid::of_numbers(self.caption("report-backlog"), self.text("report-register"), columns);
        // A register in which there has been nothing in all the years is none that the authority keeps.
        let has_any = |row: &Pending| row.opening + row.counts.received + row.counts.closed > 0;
        let is_kept =
            |name: &str| name == "cases" || self.figures.pending.iter().any(|row| row.register == name && has_any(row));
        let of_year = self.figures.pending.iter().filter(|row| row.period == self.edition.year);
        let rows: Vec<&Pending> = of_year.filter(|row| is_kept(row.register)).collect();
        if rows.is_empty() {
            return self.section("report-backlog", Vec::new());
        }
        let mut blocks = Vec::new();
        for row in rows {
            let name = self.writing.register(row.register);
            let counts = [row.opening, row.counts.received, row.counts.closed, row.closing()];
            let share = number_format::share(self.writing, row.closed_share());
            grid.row(1, name, counts.map(|count| self.number(count)).into_iter().chain([share]));
            if row.register == "cases" {
                blocks.push(self.said(self.pending_inquiries(row)));
            }
        }
        blocks.push(Block::Table(grid));
        blocks.extend(
            Some(&self.figures.course).filter(|course| course.is_telling()).map(|course| chart(self.writing, course)),
        );
        self.section("report-backlog", blocks)
    }

    fn pending_inquiries(&self, row: &Pending) -> String {
        sentences::inquiries(self.writing, &self.day(), row.closing(), row.counts.received, row.closed_share())
    }

    /// The table of how long it took, without a row.
    fn durations_grid(&self) -> Grid {
        let columns = ["report-closed", "report-mean", "report-median", "report-ninety", "report-most"];
        let caption = format!("{} {}, {}", self.text("report-durations"), self.edition.year, self.text("report-days"));
        let names = columns.map(|column| self.text(column));
        Grid::of_numbers(self.stated(caption), self.text("report-requester"), names)
    }

    /// The table of how old the pending are, without a row.
    fn ageing_grid(&self) -> Grid {
        let classes = [
            "report-age-to-30",
            "report-age-to-90",
            "report-age-to-180",
            "report-age-to-365",
            "report-age-above-365",
            "report-total",
        ];
        let caption = match self.as_of() {
            Some(_) => self.stated(self.text("report-ageing")),
            None => format!("{}, {}", self.text("report-ageing"), self.day()),
        };
        let names = classes.map(|class| self.text(class));
        Grid::of_numbers(caption, self.text("report-requester"), names)
    }

    fn durations(&self) -> Section {
        let Some((groups, total)) = &self.figures.durations else {
            return self.section("report-durations", Vec::new());
        };
        let writing = self.writing;
        let (mut closed, mut pending) = (self.durations_grid(), self.ageing_grid());
        let told = |spread: &Distribution, text: String| if spread.is_suppressed() { HIDDEN.to_owned() } else { text };
        let mut add = |level: u8, name: &str, group: &DurationGroup| {
            let spread = &group.closed;
            let ends = [spread.percentile(90), spread.max()].map(|days| number_format::maybe(writing, days));
            let middle = [spread.mean(), spread.median()].map(|days| number_format::tenths(writing, days));
            let days = middle.into_iter().chain(ends).map(|text| told(spread, text));
            closed.row(level, name, [number_format::whole(writing, spread.count())].into_iter().chain(days));
            let ages = group.pending.classes().unwrap_or_default();
            let ages = ages.map(|number| told(&group.pending, number_format::whole(writing, number)));
            pending.row(level, name, ages.into_iter().chain([number_format::whole(writing, group.pending.count())]));
        };
        let codes = self.profile.vocabulary.codes("cases", "requester");
        for name in in_order(groups, codes) {
            add(1, &self.value("cases", "requester", name), &groups[name]);
        }
        add(0, &self.text("report-total"), total);
        self.section("report-durations", vec![Block::Table(closed), Block::Table(pending)])
    }

    /// The topics of media requests. Where these were not collected, those that are known are no figure of the year.
    fn media_topics(&self) -> Section {
        let has_figures =
            |drawn: &DrawnTable| drawn.table.lines.iter().any(|line| line.values.last().is_some_and(Option::is_some));
        let is_collected = self.figures.tables.iter().find(|drawn| drawn.name == MEDIA).is_none_or(has_figures);
        let topics = self.topics().filter(|_| is_collected).map(Block::Table);
        self.section("report-topics", topics.into_iter().collect())
    }

    fn website(&self) -> Section {
        let table = &self.figures.website;
        if table.lines.iter().all(|line| line.values.iter().all(Option::is_none)) {
            return self.section("report-website", Vec::new());
        }
        let mut blocks = vec![Block::Table(self.table(table, &self.text("report-website")))];
        if !self.figures.downloads.is_empty() {
            let number = [self.text("report-number")];
            let caption = self.caption("report-downloads");
            let mut grid = Grid::of_numbers(caption, self.text("report-document"), number);
            for download in self.figures.downloads.iter().take(NAMED) {
                grid.row(1, &download.title, [self.number(download.count)]);
            }
            blocks.push(Block::Table(grid));
        }
        self.section("report-website", blocks)
    }

    fn staffing(&self) -> Section {
        if self.figures.staff.iter().all(|row| row.percent.is_none()) {
            return self.section("report-staffing", Vec::new());
        }
        let columns = [
            "report-positions",
            "report-new-cases",
            "report-pending-cases",
            "report-new-per-position",
            "report-pending-per-position",
        ];
        let columns = columns.map(|column| self.text(column));
        let years = &self.figures.main;
        let caption = self.stated(format!("{} {}–{}", self.text("report-staffing"), years.from, years.to));
        let mut grid = Grid::of_numbers(caption, self.text("report-year"), columns);
        for row in &self.figures.staff {
            let counts = [row.percent, row.new, row.pending].map(|number| number_format::maybe(self.writing, number));
            let shares = [row.new_per_position(), row.pending_per_position()];
            let shares = shares.map(|share| number_format::tenths(self.writing, share));
            let year = if row.as_of.is_some() { format!("{}*", row.year) } else { row.year.to_string() };
            grid.row(1, year, counts.into_iter().chain(shares));
            let remark = |day| format!("* {}: {}", row.year, provisional::stated(self.lang, day));
            grid.remarks.extend(row.as_of.map(remark));
        }
        grid.remarks.push(self.text("report-matters-pending"));
        let load = self.load();
        let is_told = load.series.iter().all(|series| series.values.iter().flatten().count() > 1);
        let load = is_told.then(|| chart(self.writing, &load));
        self.section("report-staffing", std::iter::once(Block::Table(grid)).chain(load).collect())
    }

    /// The chart of the work for each full position over the years.
    fn load(&self) -> Chart {
        let staff = &self.figures.staff;
        let series = |name: &'static str, share: fn(&StaffYear) -> Option<f64>| Series {
            label: self.text(name),
            values: staff
                .iter()
                .map(|row| share(row).map(|share| Decimal::of_parts((share * 10_000.0).round() as i64)))
                .collect(),
            hidden: vec![],
            decimals: Some(1),
        };
        Chart {
            title: self.text("report-load"),
            kind: ChartKind::Lines,
            categories: self.figures.main.year_labels(),
            series: vec![
                series("report-new-per-position", StaffYear::new_per_position),
                series("report-pending-per-position", StaffYear::pending_per_position),
            ],
            note: None,
            remarks: self.figures.main.provisional_remarks(),
            mark: self.writing.numbers.decimal,
            names: Default::default(),
        }
    }

    fn sources(&self, layout: &Layout) -> Section {
        let (writing, lang, today) = (self.writing, self.lang, self.edition.today);
        let mut items: Vec<String> = self.figures.published.values().map(|p| self.published(p)).collect();
        let counted = self.counted_years();
        items.extend(counted.iter().map(|years| writing.message("report-live", &[("years", years), ("day", &today)])));
        let provisional = self.figures.main.provisional();
        items.extend(provisional.map(|(year, day)| lang.labelled(&year, &provisional::stated(lang, day))));
        items.push(writing.message("report-counted", &[("day", &today)]));
        let version = env!("CARGO_PKG_VERSION");
        items.push(writing.message("report-made-by", &[("version", &version), ("layout", &layout.name)]));
        self.section("report-sources", vec![Block::List { items }])
    }

    /// The years that are counted and not published: of all tables, or else of each table after its title.
    fn counted_years(&self) -> Vec<String> {
        let of_table = |drawn: &DrawnTable| {
            let is_live = |index: usize| drawn.table.lines.iter().any(|line| line.basis[index] == Basis::Live);
            let years = drawn.table.years.iter().enumerate().filter(|(index, _)| is_live(*index));
            spans(&years.map(|(_, year)| *year).collect::<Vec<_>>())
        };
        let tables = self.figures.tables.iter().filter(|drawn| drawn.name != MEDIA);
        let tables: Vec<(&str, String)> = tables.map(|drawn| (drawn.title.as_str(), of_table(drawn))).collect();
        match tables.first() {
            Some((_, first)) if tables.iter().all(|(_, years)| years == first) => {
                Some(first.clone()).filter(|years| !years.is_empty()).into_iter().collect()
            }
            _ => tables
                .iter()
                .filter(|(_, years)| !years.is_empty())
                .map(|(title, years)| format!("{title} {years}"))
                .collect(),
        }
    }

    /// The publication that a published year's figures rest on.
    fn published(&self, publication: &PublishedYear) -> String {
        let PublishedYear { year, version, published_on, source, .. } = publication;
        let source = source.as_ref().map(|source| format!(", {source}")).unwrap_or_default();
        self.writing.message(
            "report-published",
            &[("year", year), ("day", published_on), ("version", version), ("source", &source)],
        )
    }
}

/// Years in ascending order, those that follow each other as from the first to the last.
fn spans(years: &[i32]) -> String {
    let runs = years.chunk_by(|one, next| next - one == 1);
    let written = |run: &[i32]| match run {
        [first, .., last] => format!("{first}–{last}"),
        _ => run.iter().map(i32::to_string).collect(),
    };
    runs.map(written).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::spans;

    #[test]
    fn years_that_follow_each_other_are_a_span() {
        let written = |years: &[i32]| spans(years);
        assert_eq!(written(&[]), "");
        assert_eq!(written(&[2012]), "2012");
        assert_eq!(written(&[2012, 2013, 2014, 2016, 2018, 2019]), "2012–2014, 2016, 2018–2019");
    }
}
