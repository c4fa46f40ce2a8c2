//! Free counts over HTTP.

use actix_web::HttpResponse;
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::call::Call;
use crate::api::endpoint::{Content, Endpoint, Reach};
use crate::api::formats::{contents, format_parameter};
use crate::api::query::{Parameter, Query, YEARS};
use crate::api::record_query::{dimension_parameters, read_dimensions};
use crate::api::statistics::request::{label_parameter, labelled, read_coded_form, rendered};
use crate::auth::{Caller, Scope};
use crate::error::{self, Error, Result};
use crate::formats::Offer;
use crate::json::to_value;
use crate::registers::{self, Dimension, Vocabulary};
use crate::statistics::counts::{self, By, CountItem, CountQuery, Measure};
use crate::statistics::detail;
use crate::statistics::labels::ValueLabels;
use crate::statistics::provisional::is_false;

/// The formats of free counts.
pub const OFFER: Offer = Offer::WithoutChart;

/// Free counts.
pub fn endpoint(vocabulary: &Vocabulary) -> Endpoint {
    let example = json!({
        "measure": "received", "by": ["year", "area"], "total": 31,
        "items": [{"year": 2017, "area": "IT", "count": 31}]
    });
    Endpoint::get("/v1/statistics/counts", count)
        .named("get_counts", "statistics", "Count freely")
        .described(format!(
            "Counts of records by any of the periods and dimensions, with any filters on these: the pivot table for \
             scripts. Combinations without a record are left out; null stands for records without a value. Public bodies \
             that are not in the register of organisations count together, as `NOT_IN_REGISTER`. A service account that \
             is bound to registers counts these only, and is refused others. {}",
            detail::RULE
        ))
        .problems(&[&error::OTHER_REGISTER])
        .scope(Scope::StatisticsRead)
        .reaches(Reach::Narrowed)
        .figures()
        .headers(&["IfNoneMatch"])
        .query(parameters(vocabulary))
        .with_notes(true)
        .answers(
            200,
            "The counts",
            &["ETag", "ContentDisposition", "Link"],
            contents(&OFFER.formats(), Some(&described(example, vocabulary)), &["year;area;count;figure_status"]),
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
}

/// The answer as the document describes it, with what is the authority's own in it.
fn described(example: Value, vocabulary: &Vocabulary) -> Content {
    let mut content = Content::json::<CountAnswer>(example);
    let Some(answer) = content.components.get_mut("Counts") else { return content };
    let properties = &mut answer["properties"];
    properties["by"]["items"]["enum"] = By::all(vocabulary).into_iter().map(By::name).collect();
    properties["measure"]["enum"] = Measure::names(vocabulary).into();
    let item = &mut properties["items"]["items"];
    for by in vocabulary.own_and_beside().map(By::Dimension) {
        item["properties"][by.name()] = to_value(&by.schema().build());
    }
    if !vocabulary.numbers.is_empty() {
        item["properties"]["sum"] =
            json!({"type": "number", "description": "The sum of the number, in place of a count."});
        item["required"] = json!([]);
        properties["total"] =
            json!({"type": ["number", "null"], "description": "Their sum; null where no year has begun."});
    }
    content
}

fn parameters(vocabulary: &Vocabulary) -> Vec<Parameter> {
    let names: Vec<&str> = By::all(vocabulary).into_iter().map(By::name).collect();
    let mut parameters = vec![
        Parameter::many(
            "by",
            "What the counts are broken down by, in this order; without it there is one count",
            json!({"type": "string", "enum": names}),
            json!("area"),
        ),
        Parameter::one(
            "measure",
            match vocabulary.numbers.is_empty() {
                true => "Whether records count in the period in which they were received or closed",
                false => {
                    "Whether records count in the period in which they were received or closed; or the number of the \
                     authority's own that is summed over those received"
                }
            },
            json!({"type": "string", "enum": Measure::names(vocabulary), "default": "received"}),
            json!("received"),
        ),
        Parameter::year("from", "The first year; without it, from the beginning", 2012),
        Parameter::year("to", "The last year; without it, to the end", 2017),
        label_parameter(),
        format_parameter(&OFFER.formats(), "json"),
    ];
    parameters.extend(dimension_parameters(vocabulary));
    parameters
}

/// Counts of records.
#[derive(Serialize, ToSchema)]
#[schema(as = Counts)]
struct CountAnswer {
    /// The records that are counted.
    #[schema(inline)]
    measure: Measure,
    /// The properties that the counts are broken down by.
    #[schema(inline)]
    by: Vec<By>,
    /// The counts that are not 0.
    #[schema(inline)]
    items: Vec<CountItem>,
    /// Their sum; null where no year has begun and nothing is counted.
    #[schema(value_type = Option<i64>, required = true, minimum = 0)]
    total: Option<Value>,
    /// True if a year that is not over is among those counted; absent where none is.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
    /// The day whose state provisional counts are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    as_of: Option<NaiveDate>,
}

/// A question for counts, as a request puts it.
fn read_question(app: &App, caller: &Caller, mut query: Query) -> Result<CountQuery> {
    let vocabulary = &app.profile.vocabulary;
    let by = read_breakdown(caller, &mut query, vocabulary);
    let name = query.one("measure");
    let measure = name.map_or(Some(Measure::Received), |name| Measure::parse(&name, vocabulary));
    if measure.is_none() {
        let names = Measure::names(vocabulary).join(", ");
        query.fault("measure", "invalid_value", &format!("must be one of {names}"));
    }
    let measure = measure.unwrap_or(Measure::Received);
    let (from, to) = (query.number("from", YEARS), query.number("to", YEARS));
    let years = from.unwrap_or(*YEARS.start())..=to.unwrap_or(*YEARS.end());
    if years.is_empty() {
        query.fault("from", "out_of_range", "must not be after to");
    }
    let accessible = registers::counted().filter(|register| caller.can_access(register.name));
    let choice = read_dimensions(&mut query, vocabulary, accessible);
    query.finish()?;
    counts::detail(&by, &choice, measure).permit(caller)?;
    let choice = narrowed(caller, choice)?;
    Ok(CountQuery { by, measure, years: Some(years), choice })
}

/// Reads `by`.
fn read_breakdown(caller: &Caller, query: &mut Query, vocabulary: &Vocabulary) -> Vec<By> {
    let all = By::all(vocabulary);
    let names: Vec<&str> = all.iter().map(|by| by.name()).collect();
    let wanted = query.choice("by", |name| names.contains(&name), &names.join(", "));
    let by: Vec<By> = wanted.iter().filter_map(|name| all.iter().find(|by| by.name() == name).copied()).collect();
    if by.iter().enumerate().any(|(index, one)| by[..index].contains(one)) {
        query.fault("by", "repeated", "must name each once only");
    }
    if by.contains(&By::Organisation) && !caller.can_access("organisations") {
        query.fault("by", "not_allowed", "must not be organisation for who may not see that register");
    }
    by
}

/// The columns of counts that are broken down by these.
pub(super) fn columns(by: &[&str]) -> Vec<String> {
    by.iter().copied().chain(counts::COUNTED).map(str::to_owned).collect()
}

async fn count(Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let form = read_coded_form(&request, &mut query, OFFER)?;
    let question = read_question(&app, &caller, query)?;
    let (asked, today) = (question.clone(), app.clock.today());
    let found = app.database.read(move |db| counts::count(db, &asked)).await?;
    let CountQuery { by, measure, years, choice } = question;
    let last = years.as_ref().map_or(i32::MAX, |years| *years.end());
    let is_ahead = years.is_some_and(|years| *years.start() > today.year());
    let as_of = (last >= today.year()).then_some(today);
    let vocabulary = &app.profile.vocabulary;
    let labels = |lang| ValueLabels::of(&choice, vocabulary, app.writing(lang));
    let named = form.named.map(labels);
    let item = |found: &(Vec<Value>, i64)| {
        let item = CountItem::of(&by, found, measure, today);
        match &named {
            Some(labels) => item.labelled(&by, &found.0, labels),
            None => item,
        }
    };
    let items = found.iter().map(item).collect();
    let total = Some(found.iter().map(|(_, figure)| figure).sum::<i64>()).filter(|total| *total > 0 || !is_ahead);
    let total = total.map(|total| measure.told(total));
    let body = CountAnswer { measure, by: by.clone(), items, total, provisional: as_of.is_some(), as_of };
    let sheet = || {
        let sheet = counts::sheet(&by, &found, measure, (vocabulary, form.lang), (as_of, today));
        labelled(sheet, form, |lang| counts::labels_of(&by, &found, &labels(lang)))
    };
    rendered(&request, form, &body, (app.writing(form.lang).text("dataset-counts"), sheet), || None)
}

/// A choice narrowed to the registers that the caller is bound to; fails when it names another one: a count of what may
/// not be seen is not 0.
fn narrowed(caller: &Caller, mut choice: Vec<(Dimension, Vec<String>)>) -> Result<Vec<(Dimension, Vec<String>)>> {
    if caller.registers.is_some() {
        let place = choice.iter().position(|(dimension, _)| *dimension == Dimension::Register);
        let mut names = place.map(|place| choice.swap_remove(place).1).unwrap_or_default();
        if names.iter().any(|name| !caller.can_access(name)) {
            return Err(Error::OtherRegister);
        }
        caller.restrict_registers(&mut names);
        choice.push((Dimension::Register, names));
    }
    Ok(choice)
}
