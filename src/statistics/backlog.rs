//! The backlog: what was pending, came in and was closed, by year or month. Opening + received - closed = closing, always.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use super::detail::{self, Detail};
use super::lang::Lang;
use super::provisional;
use super::request::{
    Format, format_parameter, lang_parameter, read_format, read_lang, read_years, rendered, year_parameters,
};
use super::table::round_half_even;
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::query::{Parameter, Query, YEARS};
use crate::auth::{Caller, Scope};
use crate::db::Db;
use crate::error::Result;
use crate::formats::svg::{Chart, ChartKind, Series};
use crate::formats::{Cell, Sheet};
use crate::registers::cube::{self, Counts, Resolution};
use crate::registers::handlers::{dimension_parameter, read_dimensions};
use crate::registers::{self, Dimension};

/// The formats there are.
pub const FORMATS: [Format; 5] = [Format::Json, Format::Csv, Format::Xlsx, Format::Svg, Format::JsonStat];

/// The backlog.
pub fn endpoint() -> Endpoint {
    let example = json!({"from": 2017, "to": 2017, "by": "year", "items": [{
        "year": 2017, "register": "cases", "opening": 12, "received": 295, "closed": 290, "closing": 17,
        "closed_share": 94.24
    }]});
    let mut parameters = year_parameters().to_vec();
    parameters.extend([
        Parameter::one(
            "by",
            "Whether by year or by month",
            json!({"type": "string", "enum": ["year", "month"], "default": "year"}),
            json!("year"),
        ),
        lang_parameter(),
        format_parameter(&FORMATS),
    ]);
    parameters.extend(Dimension::ALL.map(|dimension| dimension_parameter(dimension, None).hinted()));
    Endpoint::get("/v1/statistics/backlog", backlog)
        .named("get_backlog", "statistics", "Follow the backlog")
        .described(format!(
            "What was pending at the beginning of each year or month (`opening`), what was received and closed in it, \
             and what was pending at its end (`closing`), for each register and any filter: opening + received - \
             closed = closing. `closed_share` is the percentage of what was received in the year that was closed by \
             31 December, to two decimals; null where nothing was received. `status` is the status of today. Rows of a \
             year that is not over are `provisional`: what was pending at its end is what is pending today (`as_of`). \
             Periods that have not begun have no rows. {}",
            detail::RULE
        ))
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(parameters)
        .answers(
            200,
            "The backlog",
            &["ETag"],
            vec![
                Content::json("Backlog", example),
                Format::Csv.content("year;register;opening;received;closed;closing;closed_share"),
                Format::Xlsx.content(""),
                Format::Svg.content(""),
                Format::JsonStat.content(""),
            ],
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
        .schema_value("Backlog", schema())
}

fn schema() -> Value {
    let count = |what: &str| json!({"type": "integer", "format": "int64", "minimum": 0, "description": what});
    json!({
        "type": "object", "description": "The course of what is pending.", "required": ["from", "to", "by", "items"],
        "properties": {
            "from": {"type": "integer", "description": "The first year."},
            "to": {"type": "integer", "description": "The last year."},
            "by": {"type": "string", "enum": ["year", "month"], "description": "The periods."},
            "provisional": {"type": "boolean", "description": "Whether rows are provisional; absent where none is."},
            "items": {"type": "array", "description": "A row for each period and register.", "items": {
                "type": "object",
                "required": ["year", "register", "opening", "received", "closed", "closing"],
                "properties": {
                    "year": {"type": "integer", "description": "The year."},
                    "month": {"type": "string", "description": "The month, as 2017-03; only by month."},
                    "register": {"type": "string", "description": "The register."},
                    "opening": count("Pending at the beginning."),
                    "received": count("Received in the period."),
                    "closed": count("Closed in the period."),
                    "closing": count("Pending at the end; today where the period is not over."),
                    "provisional": {"type": "boolean", "description": "Whether the year is not over; absent where it is."},
                    "as_of": {
                        "type": "string", "format": "date",
                        "description": "The day whose state it is; only where the period is not over."
                    },
                    "closed_share": {
                        "type": ["number", "null"], "minimum": 0, "maximum": 100,
                        "description": "Percentage of what was received in the year that was closed by its end; only by year."
                    }
                }
            }}
        }
    })
}

/// A row of the backlog.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The year, or year and month as 201703.
    pub period: i32,
    /// The register.
    pub register: &'static str,
    /// Pending at the beginning.
    pub opening: i64,
    /// The counts of the period.
    pub counts: Counts,
    /// True if its year is not over.
    pub provisional: bool,
    /// The day whose state it is, where the period is not over.
    pub as_of: Option<NaiveDate>,
}

impl Pending {
    /// Pending at the end.
    pub fn closing(&self) -> i64 {
        self.opening + self.counts.received - self.counts.closed
    }

    /// The percentage of what was received that was closed by the end of the year, to two decimals.
    pub fn closed_share(&self) -> Option<f64> {
        let Counts { received, settled, .. } = self.counts;
        (received > 0).then(|| round_half_even(10_000 * i128::from(settled), received.into()) as f64 / 100.0)
    }
}

/// The backlog of the years by register; with a choice of values in some dimensions. Periods that have not begun are
/// left out.
pub fn pending(
    db: &mut Db,
    years: &RangeInclusive<i32>,
    by_month: bool,
    choice: &[(Dimension, Vec<String>)],
    today: NaiveDate,
) -> Result<Vec<Pending>> {
    let mut resolution = Resolution::for_dimensions(choice.iter().map(|(dimension, _)| *dimension));
    if by_month {
        resolution = Resolution::Months;
    }
    let all = *YEARS.start()..=*years.end();
    let chosen = choice.iter().find(|(dimension, _)| *dimension == Dimension::Register).map(|(_, values)| values);
    let names = registers::counted().map(|register| register.name);
    let names: Vec<&'static str> =
        names.filter(|name| chosen.is_none_or(|list| list.iter().any(|c| c == name))).collect();
    let mut found: BTreeMap<(i32, String), Counts> = BTreeMap::new();
    for sum in cube::count(db, &all, resolution, &[Dimension::Register], choice)? {
        let period = match resolution {
            Resolution::Months if !by_month => sum.period / 100,
            _ => sum.period,
        };
        let register = sum.value(Dimension::Register).unwrap_or_default().to_owned();
        found.entry((period, register)).or_default().add(sum.counts, 1);
    }
    let first = if by_month { years.start() * 100 + 1 } else { *years.start() };
    let mut opening: BTreeMap<&str, i64> = BTreeMap::new();
    for ((_, register), counts) in found.iter().filter(|((period, _), _)| *period < first) {
        *opening.entry(register).or_default() += counts.received - counts.closed;
    }
    let periods = years.clone().flat_map(|year| match by_month {
        true => (1..=12).map(|month| year * 100 + month).collect::<Vec<_>>(),
        false => vec![year],
    });
    let current = if by_month { today.year() * 100 + today.month() as i32 } else { today.year() };
    let mut out = Vec::new();
    for period in periods.filter(|period| *period <= current) {
        let year = if by_month { period / 100 } else { period };
        let (provisional, as_of) = (year == today.year(), (period == current).then_some(today));
        for register in &names {
            let counts = found.get(&(period, (*register).to_owned())).copied().unwrap_or_default();
            let opened = opening.entry(register).or_default();
            let row = Pending { period, register, opening: *opened, counts, provisional, as_of };
            *opened = row.closing();
            out.push(row);
        }
    }
    Ok(out)
}

async fn backlog(app: Data<App>, caller: Caller, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let lang = read_lang(&request, &mut query);
    let years = read_years(&app, &mut query);
    let by = query.one("by").unwrap_or_else(|| "year".into());
    if !["year", "month"].contains(&by.as_str()) {
        query.fault("by", "invalid_value", "must be one of year, month");
    }
    let choice = read_dimensions(&mut query, &Dimension::ALL.map(|dimension| dimension_parameter(dimension, None)));
    query.finish()?;
    let by_month = by == "month";
    Detail::of(choice.iter().map(|(dimension, _)| *dimension)).and(by_month).permit(&caller)?;
    let (asked, today) = (years.clone(), app.clock.today());
    let rows = app.database.read(move |db| pending(db, &asked, by_month, &choice, today)).await?;
    let month = |period: i32| format!("{}-{:02}", period / 100, period % 100);
    let item = |row: &Pending| {
        let mut out = json!({
            "year": if by_month { row.period / 100 } else { row.period }, "register": row.register,
            "opening": row.opening, "received": row.counts.received, "closed": row.counts.closed,
            "closing": row.closing()
        });
        if by_month {
            out["month"] = month(row.period).into();
        } else {
            out["closed_share"] = row.closed_share().into();
        }
        if row.provisional {
            out["provisional"] = true.into();
        }
        if let Some(as_of) = row.as_of {
            out["as_of"] = json!(as_of);
        }
        out
    };
    let mut body = json!({
        "from": years.start(), "to": years.end(), "by": by, "items": rows.iter().map(item).collect::<Vec<_>>()
    });
    if rows.iter().any(|row| row.provisional) {
        body["provisional"] = true.into();
    }
    let sheet = || {
        let names = [by.as_str(), "register", "opening", "received", "closed", "closing", "closed_share"];
        let row = |row: &Pending| -> Vec<Cell> {
            let period = if by_month { month(row.period).into() } else { Cell::Number(row.period.into()) };
            let numbers = [row.opening, row.counts.received, row.counts.closed, row.closing()].map(Cell::Number);
            let share = if by_month { Cell::Empty } else { Cell::percent(row.closed_share()) };
            [vec![period, row.register.into()], numbers.to_vec(), vec![share]].concat()
        };
        let header = names.map(str::to_owned).to_vec();
        let as_of = rows.iter().find_map(|row| row.as_of);
        let notes = as_of.map(|day| provisional::note(lang, day.year(), day)).into_iter().collect();
        let rows = rows.iter().map(row).collect();
        Sheet { name: "backlog".into(), header, rows, notes, keys: 2, ..Sheet::default() }
    };
    rendered(&request, format, &body, sheet, || Some(chart(&rows, by_month, lang)))
}

/// Returns a chart of what was pending at the end of each period: a line for each register that has anything pending,
/// so that nothing is added up that does not belong together.
pub fn chart(rows: &[Pending], by_month: bool, lang: Lang) -> Chart {
    let title = match lang {
        Lang::De => "Pendente Geschäfte am Ende der Periode, je Register",
        Lang::Fr => "Affaires pendantes à la fin de la période, par registre",
        Lang::It => "Pratiche pendenti alla fine del periodo, per registro",
        Lang::En => "Pending at the end of the period, by register",
    };
    let periods: BTreeSet<i32> = rows.iter().map(|row| row.period).collect();
    let is_current = |period: i32| rows.iter().any(|row| row.period == period && row.as_of.is_some());
    let categories = periods.iter().map(|period| match by_month {
        // Over several years a label for each month would be unreadable: the year stands at its January.
        true if period % 100 == 1 => (period / 100).to_string(),
        true => String::new(),
        false if is_current(*period) => format!("{period}*"),
        false => period.to_string(),
    });
    let as_of = rows.iter().find_map(|row| row.as_of);
    let remarks =
        as_of.map(|day| format!("* {}: {}", day.year(), provisional::stated(lang, day))).into_iter().collect();
    let mut registers: Vec<&'static str> = Vec::new();
    for row in rows.iter().filter(|row| row.closing() != 0) {
        if !registers.contains(&row.register) {
            registers.push(row.register);
        }
    }
    let of_register = |register: &&'static str| {
        let value = |period: &i32| {
            rows.iter().find(|row| row.period == *period && row.register == *register).map(Pending::closing)
        };
        let label = register_name(lang, register).to_owned();
        Series { label, values: periods.iter().map(value).collect(), hidden: vec![] }
    };
    let series: Vec<Series> = registers.iter().map(of_register).collect();
    // A single line has no legend.
    let title = match series.as_slice() {
        [only] => format!("{title}: {}", only.label),
        _ => title.to_owned(),
    };
    Chart { title, kind: ChartKind::Lines, categories: categories.collect(), series, note: None, remarks }
}

/// Returns the name of a counted register, in the plural.
pub fn register_name(lang: Lang, name: &str) -> &str {
    let names = match name {
        "cases" => ["Anfragen", "Demandes", "Richieste", "Inquiries"],
        "projects" => ["Projekte", "Projets", "Progetti", "Projects"],
        "audits" => ["Datenschutzkontrollen", "Contrôles", "Controlli", "Audits"],
        "events" => ["Veranstaltungen", "Manifestations", "Manifestazioni", "Events"],
        "media-requests" => ["Medienanfragen", "Demandes des médias", "Richieste dei media", "Media requests"],
        other => return other,
    };
    names[lang as usize]
}
