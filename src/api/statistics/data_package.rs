//! The data dictionary of the statistics as a Frictionless Data Package: every table as CSV, and what each of its columns holds.

use std::ops::RangeInclusive;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::{backlog, counts, durations};
use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::public_address::address;
use crate::api::query::Query;
use crate::api::statistics::request::{answer, lang_parameter, layout_parameter, read_catalogue_layout, read_lang};
use crate::auth::{Caller, Scope};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::{csv, note};
use crate::json::to_json;
use crate::messages::{Lang, Writing};
use crate::registers::Vocabulary;
use crate::statistics::layout::{Layout, TABLES, TableLayout};
use crate::statistics::repository::TableRequest;
use crate::statistics::table::Table;
use crate::statistics::{activities, available, columns, observations, public, repository, staffing};

/// A Frictionless Data Package.
#[derive(Serialize, ToSchema)]
struct DataPackage {
    /// The profile of the package.
    profile: &'static str,
    /// The name of the package: that of the layout.
    name: String,
    /// The title of the package, in the language asked for.
    title: String,
    /// The licences of the data; empty where the layout names none.
    #[schema(inline)]
    licenses: Vec<Licence>,
    /// The tables.
    #[schema(inline)]
    resources: Vec<Resource>,
}

/// A licence.
#[derive(Serialize, ToSchema)]
struct Licence {
    /// The address of its text.
    path: String,
}

/// A table of the package.
#[derive(Serialize, ToSchema)]
struct Resource {
    /// The name of the table.
    name: String,
    /// The title of the table, in the language asked for.
    title: String,
    /// The profile of the table.
    profile: &'static str,
    /// The address of its file.
    path: String,
    /// The format of the file.
    format: &'static str,
    /// The media type of the file.
    mediatype: &'static str,
    /// The encoding of the file.
    encoding: &'static str,
    /// The way in which the cells are separated.
    #[schema(inline)]
    dialect: Dialect,
    /// The columns.
    #[schema(inline)]
    schema: TableSchema,
}

/// The way in which cells are separated.
#[derive(Serialize, ToSchema)]
struct Dialect {
    /// The character between cells.
    delimiter: &'static str,
    /// The end of a line.
    #[serde(rename = "lineTerminator")]
    line_terminator: &'static str,
}

/// The columns of a table.
#[derive(Serialize, ToSchema)]
struct TableSchema {
    /// The columns in their order.
    #[schema(inline)]
    fields: Vec<Field>,
    /// The texts that stand for nothing.
    #[serde(rename = "missingValues")]
    missing_values: Vec<&'static str>,
}

/// A column.
#[derive(Serialize, ToSchema)]
struct Field {
    /// The name of the column.
    name: String,
    /// The head of the column, in the language asked for.
    title: String,
    /// The type of its values (Table Schema).
    #[serde(rename = "type")]
    kind: &'static str,
    /// The meaning of its values.
    description: String,
}

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    let example = DataPackage {
        profile: "tabular-data-package",
        name: "yearly".into(),
        title: "Dienstleistungen der Aufsichtsstelle".into(),
        licenses: Vec::new(),
        resources: Vec::new(),
    };
    Endpoint::get("/v1/statistics/datapackage.json", package)
        .named("get_statistics_data_package", "statistics", "Read the data dictionary")
        .described(
            "A Frictionless Data Package: every table as CSV over the years that there are, wide and long, its notes, and each \
             column with its type and meaning. Where the statistics are public no token is needed, and it names what everybody \
             may read. The addresses begin with the host that was asked.",
        )
        .scope(Scope::StatisticsRead)
        .public_statistics()
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![layout_parameter(), lang_parameter()])
        .answers(200, "The package", &["ETag"], vec![Content::json::<DataPackage>(crate::json::to_value(&example))])
        .answers(304, "Unchanged", &["ETag"], vec![])
}

/// The tables of a layout as they are drawn for the years that there are.
struct DrawnLayout {
    years: RangeInclusive<i32>,
    tables: Vec<(String, Table)>,
}

async fn package(app: Data<App>, caller: Option<Caller>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let lang = read_lang(&request, &mut query);
    let layout = read_catalogue_layout(&app, caller.is_some(), &mut query);
    query.finish()?;
    let layout = layout.ok_or_else(|| Error::Internal("no layout".into()))?;
    let (state, name, is_public) = (app.clone(), layout.name.clone(), caller.is_none());
    let drawn = app.database.read(move |db| {
        let layout = state.profile.layouts.get(Some(&name)).ok_or_else(|| Error::Internal("no layout".into()))?;
        draw(db, &state, layout, (is_public, lang))
    });
    let base = address(&app.config, &request);
    let resources = Resources {
        base: format!("{base}/v1/statistics"),
        vocabulary: &app.profile.vocabulary,
        writing: app.writing(lang),
        all: Vec::new(),
    };
    let package = DataPackage {
        profile: "tabular-data-package",
        name: layout.name.clone(),
        title: layout.title.get(lang).to_owned(),
        licenses: layout.publisher.iter().map(|publisher| Licence { path: publisher.license.clone() }).collect(),
        resources: resources.of(layout, &drawn.await?, is_public),
    };
    Ok(answer(&request, JSON, to_json(&package)?))
}

fn draw(db: &mut Db, app: &App, layout: &Layout, (is_public, lang): (bool, Lang)) -> Result<DrawnLayout> {
    let today = app.clock.today();
    let hiding = app.public.as_ref().filter(|_| is_public);
    let years = match hiding {
        Some(suppression) => available::public_years(db, suppression, layout, today)?,
        None => available::years(db, layout, today)?,
    };
    // Without a year the columns are those of the last complete one.
    let years = years.unwrap_or_else(|| {
        let last = chrono::Datelike::year(&today) - 1;
        last..=last
    });
    let mut tables = Vec::new();
    for table in layout.tables() {
        let wanted = TableRequest { layout: &layout.name, table: &table.name, lang, years: years.clone(), today };
        let drawn = match hiding {
            Some(suppression) => public::table(db, suppression, layout, &wanted)?,
            None => repository::table(db, Some(layout), &wanted)?,
        };
        tables.push((table.name.clone(), drawn));
    }
    Ok(DrawnLayout { years, tables })
}

/// The path of a table under `/v1/statistics`.
pub fn path_of(table: &TableLayout) -> String {
    match TABLES.contains(&table.name.as_str()) {
        true => table.name.clone(),
        false => format!("tables/{}", table.name),
    }
}

/// The resources of a package, as they come.
struct Resources<'p> {
    base: String,
    vocabulary: &'p Vocabulary,
    writing: Writing<'p>,
    all: Vec<Resource>,
}

impl Resources<'_> {
    fn of(mut self, layout: &Layout, drawn: &DrawnLayout, is_public: bool) -> Vec<Resource> {
        let range = format!("from={}&to={}&layout={}", drawn.years.start(), drawn.years.end(), layout.name);
        for table in layout.tables() {
            let Some((name, found)) = drawn.tables.iter().find(|(name, _)| *name == table.name) else { continue };
            let (path, title) = (path_of(table), layout.title_of(table).get(self.writing.lang).to_owned());
            self.add(name, &title, &format!("{path}?{range}"), &found.sheet(name).header);
            let long = found.long_sheet(name).header;
            self.add(&format!("{name}-long"), &title, &format!("{path}?{range}&shape=long"), &long);
            self.notes(name, &title, &format!("{path}/notes?{range}"));
        }
        if !is_public {
            self.others(&drawn.years, &layout.name);
        }
        self.all
    }

    /// The statistics that are no tables of a layout.
    fn others(&mut self, years: &RangeInclusive<i32>, layout: &str) {
        let (last, range) = (years.end(), format!("from={}&to={}", years.start(), years.end()));
        let website = observations::COLUMNS.map(str::to_owned).to_vec();
        let of_staff = staffing::COLUMNS.map(str::to_owned);
        let of_activities = activities::COLUMNS.map(str::to_owned);
        let all: [(&str, &'static str, String, Vec<String>); 6] = [
            ("website", "dataset-website", format!("{range}&shape=long"), website),
            ("counts", "dataset-counts", format!("by=year,register&{range}"), counts::columns(&["year", "register"])),
            ("backlog", "dataset-backlog", range.clone(), backlog::columns()),
            ("durations", "dataset-durations", format!("by=requester&year={last}"), durations::columns("requester")),
            ("activities", "dataset-activities", range.clone(), of_activities.to_vec()),
            ("staffing", "dataset-staffing", format!("{range}&layout={layout}"), of_staff.to_vec()),
        ];
        for (name, title, query, header) in all {
            self.add(name, &self.writing.text(title), &format!("{name}?{query}"), &header);
        }
    }

    fn notes(&mut self, table: &str, title: &str, path: &str) {
        let header = note::COLUMNS.map(str::to_owned);
        self.add(&format!("{table}-notes"), title, path, &header);
    }

    fn add(&mut self, name: &str, title: &str, path: &str, header: &[String]) {
        let words = columns::words(title.to_owned(), header, self.vocabulary, self.writing);
        let field = |column: &String| {
            let (kind, description) = columns::described(column);
            let title = words.head(column).to_owned();
            Field { name: column.clone(), title, kind: kind.table_schema_type(), description }
        };
        self.all.push(Resource {
            name: name.to_owned(),
            title: title.to_owned(),
            profile: "tabular-data-resource",
            path: format!("{}/{path}&format=csv", self.base),
            format: csv::FORMAT.extension,
            mediatype: csv::FORMAT.media_type,
            encoding: "utf-8",
            dialect: Dialect { delimiter: ";", line_terminator: "\r\n" },
            schema: TableSchema { fields: header.iter().map(field).collect(), missing_values: vec![""] },
        });
    }
}
