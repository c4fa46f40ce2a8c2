//! Durations of matters, over HTTP.

use crate::api::App;
use crate::api::call::Call;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::formats::{contents, format_parameter};
use crate::api::query::{Parameter, Query, YEARS};
use crate::api::record_query::{dimension_parameters, read_dimensions};
use crate::api::statistics::request::{label_parameter, labelled, read_coded_form, rendered};
use crate::auth::{Caller, Scope};
use crate::error::Result;
use crate::formats::{Cell, Labelling, Offer, Sheet};
use crate::json::to_value;
use crate::messages::Lang;
use crate::registers::{self, ABSENT, Dimension, Vocabulary};
use crate::statistics::counts::{By, DimensionValue};
use crate::statistics::detail::{self, Detail};
use crate::statistics::durations::{CLASS_NAMES, Distribution, DurationGroup, DurationQuery, of_year};
use crate::statistics::labels::ValueLabels;
use crate::statistics::provisional::{self, Progress, is_false};
use crate::statistics::status::FigureStatus;
use actix_web::HttpResponse;
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The formats that it comes in.
pub const OFFER: Offer = Offer::WithoutChart;

/// The columns with the states of the days.
const STATUS: [&str; 2] = ["closed_status", "pending_status"];

/// The columns, as an example shows them.
const COLUMNS: &str = "requester;closed;mean;median;p90;max;pending;pending_mean;pending_max;to_30;to_90;to_180;to_365;above_365;closed_status;pending_status";

/// The name of the row of all values together.
const TOTAL: &str = "total";

/// Durations.
pub fn endpoint(vocabulary: &Vocabulary) -> Endpoint {
    Endpoint::get("/v1/statistics/durations", durations)
        .named("get_durations", "statistics", "See how long matters take")
        .described(format!(
            "Days from the day received to the day closed, for the records closed in a year (cases, unless `register` \
             says otherwise): count, mean (one decimal), median, the 90th percentile (nearest rank) and the most. And \
             the age of what was pending on the last day of the year, or is today, in classes of days. Working days \
             are Monday to Friday without the days of rest of the authority; the day received does not count. A year that is \
             not over is `provisional`; one that has not begun or lies before the first record has no \
             figures. {} How long fewer matters took than \
             `AUFSICHT_PUBLIC_THRESHOLD` allows (5 unless configured otherwise) is not told then (`suppressed`, `X`), nor \
             what it could be computed from within the answer.",
            detail::RULE
        ))
        .scope(Scope::StatisticsRead)
        .figures()
        .headers(&["IfNoneMatch"])
        .query(parameters(vocabulary))
        .with_notes(true)
        .answers(
            200,
            "The durations",
            &["ETag", "ContentDisposition", "Link"],
            contents(
                &OFFER.formats(),
                Some(&described(vocabulary)),
                &[COLUMNS],
            ),
        )
        .answers(304, "Unchanged", &["ETag"], vec![])
}

fn example() -> Value {
    let stats = json!({"count": 290, "mean": 12.4, "median": 6.0, "p90": 31, "max": 188});
    let pending = json!({"count": 17, "mean": 40.2, "max": 201, "classes": {"to_30": 9, "to_90": 6, "to_180": 1, "to_365": 1, "above_365": 0}});
    json!({
        "year": 2017, "days": "calendar", "by": "requester", "as_of": "2017-12-31",
        "items": [{"requester": "PRIVATE", "closed": stats, "pending": pending}],
        "total": {"closed": stats, "pending": pending}
    })
}

/// The answer as the document describes it, with the dimensions that are the authority's own in it.
fn described(vocabulary: &Vocabulary) -> Content {
    let mut content = Content::json::<DurationAnswer>(example());
    let Some(answer) = content.components.get_mut("Durations") else { return content };
    for by in vocabulary.own_and_beside().map(By::Dimension) {
        answer["properties"]["items"]["items"]["properties"][by.name()] = to_value(&by.schema().build());
    }
    content
}

fn parameters(vocabulary: &Vocabulary) -> Vec<Parameter> {
    let names: Vec<&str> = vocabulary.all_dimensions().map(Dimension::name).collect();
    let mut parameters = vec![
        Parameter::year("year", "The year in which the records were closed; without it the last complete one", 2017),
        Parameter::one(
            "by",
            "What the durations are broken down by",
            json!({"type": "string", "enum": names}),
            json!("requester"),
        ),
        Parameter::one(
            "days",
            "Whether calendar days or working days of the authority are counted",
            json!({"type": "string", "enum": ["calendar", "working"], "default": "calendar"}),
            json!("calendar"),
        ),
        label_parameter(),
        format_parameter(&OFFER.formats(), "json"),
    ];
    parameters.extend(dimension_parameters(vocabulary));
    parameters
}

/// The time that matters take.
#[derive(Serialize, ToSchema)]
#[schema(as = Durations)]
struct DurationAnswer {
    /// The year in which the records were closed.
    year: i32,
    /// The days that are counted.
    #[schema(inline)]
    days: DayKind,
    /// The day on which the pending were pending.
    as_of: NaiveDate,
    /// A row for each value; empty without `by`.
    items: Vec<ShownGroup>,
    /// All together; absent for a year that has not begun or lies before the first record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total: Option<ShownGroup>,
    /// True if the year is not over; absent where it is.
    #[serde(skip_serializing_if = "is_false")]
    provisional: bool,
    /// The dimension that the durations are broken down by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by: Option<&'static str>,
}

/// A kind of days.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum DayKind {
    Calendar,
    Working,
}

/// The durations of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = DurationGroup)]
struct ShownGroup {
    #[serde(flatten)]
    #[schema(inline)]
    value: DimensionValue,
    /// The label of the value; only where a language is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    label: Option<String>,
    /// Days of what was closed; only the count where that is 0.
    #[schema(inline)]
    closed: ClosedDays,
    /// Age of what is pending.
    #[schema(inline)]
    pending: PendingAges,
}

impl ShownGroup {
    fn of(value: DimensionValue, group: &DurationGroup) -> Self {
        let (closed, pending) = (ClosedDays::of(&group.closed), PendingAges::of(&group.pending));
        ShownGroup { value, label: None, closed, pending }
    }
}

/// Days of what was closed.
#[derive(Serialize, ToSchema)]
struct ClosedDays {
    /// The number of records.
    #[schema(minimum = 0)]
    count: i64,
    /// The mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, minimum = 0)]
    mean: Option<Option<f64>>,
    /// The median.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, minimum = 0)]
    median: Option<Option<f64>>,
    /// Nine of ten took no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    p90: Option<Option<i64>>,
    /// The most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    max: Option<Option<i64>>,
    /// True where the days are not told because there are few.
    #[serde(skip_serializing_if = "is_false")]
    suppressed: bool,
}

impl ClosedDays {
    fn of(days: &Distribution) -> Self {
        let count = days.count();
        let any = count > 0;
        ClosedDays {
            count,
            mean: any.then(|| days.mean()),
            median: any.then(|| days.median()),
            p90: any.then(|| days.percentile(90)),
            max: any.then(|| days.max()),
            suppressed: days.is_suppressed(),
        }
    }
}

/// Age of what is pending.
#[derive(Serialize, ToSchema)]
struct PendingAges {
    /// The number of records.
    #[schema(minimum = 0)]
    count: i64,
    /// The mean age.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, minimum = 0)]
    mean: Option<Option<f64>>,
    /// The oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    max: Option<Option<i64>>,
    /// The numbers of records by their age in days.
    #[schema(required = true, inline)]
    classes: Option<AgeClasses>,
    /// True where the days are not told because there are few.
    #[serde(skip_serializing_if = "is_false")]
    suppressed: bool,
}

impl PendingAges {
    fn of(ages: &Distribution) -> Self {
        let count = ages.count();
        let any = count > 0;
        PendingAges {
            count,
            mean: any.then(|| ages.mean()),
            max: any.then(|| ages.max()),
            classes: ages.classes().map(AgeClasses::of),
            suppressed: ages.is_suppressed(),
        }
    }
}

/// The numbers of records by their age in days.
#[derive(Serialize, ToSchema)]
struct AgeClasses {
    /// To 30 days.
    #[schema(minimum = 0)]
    to_30: i64,
    /// 31 to 90 days.
    #[schema(minimum = 0)]
    to_90: i64,
    /// 91 to 180 days.
    #[schema(minimum = 0)]
    to_180: i64,
    /// 181 to 365 days.
    #[schema(minimum = 0)]
    to_365: i64,
    /// More.
    #[schema(minimum = 0)]
    above_365: i64,
}

impl AgeClasses {
    fn of([to_30, to_90, to_180, to_365, above_365]: [i64; 5]) -> Self {
        AgeClasses { to_30, to_90, to_180, to_365, above_365 }
    }
}

/// The columns of durations that are broken down by this.
pub(super) fn columns(by: &str) -> Vec<String> {
    let names = ["closed", "mean", "median", "p90", "max", "pending", "pending_mean", "pending_max"];
    std::iter::once(by).chain(names).chain(CLASS_NAMES).chain(STATUS).map(str::to_owned).collect()
}

/// A question for durations, as a request puts it.
fn read_question(app: &App, caller: &Caller, mut query: Query, today: NaiveDate) -> Result<DurationQuery> {
    let year = query.number("year", YEARS).unwrap_or(today.year() - 1);
    let vocabulary = &app.profile.vocabulary;
    let by = query.one("by").map(|name| vocabulary.dimension(&name));
    if let Some(None) = by {
        let names = vocabulary.all_dimensions().map(Dimension::name).collect::<Vec<_>>().join(", ");
        query.fault("by", "invalid_value", &format!("must be one of {names}"));
    }
    let kind = query.one("days").unwrap_or_else(|| "calendar".into());
    if !["calendar", "working"].contains(&kind.as_str()) {
        query.fault("days", "invalid_value", "must be one of calendar, working");
    }
    let mut choice = read_dimensions(&mut query, vocabulary, registers::find("cases"));
    query.finish()?;
    if choice.iter().all(|(dimension, _)| *dimension != Dimension::Register) {
        choice.push((Dimension::Register, vec!["cases".into()]));
    }
    let by = by.flatten();
    Detail::of(by.into_iter().chain(choice.iter().map(|(dimension, _)| *dimension))).permit(caller)?;
    let least = detail::least(app.config.public.threshold, caller.has(Scope::RegisterRead));
    let as_of = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today).min(today);
    let working = (kind == "working").then(|| app.profile.authority.calendar.clone());
    Ok(DurationQuery { year, as_of, by, working, choice, least })
}

async fn durations(Call { app, caller, request }: Call) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let form = read_coded_form(&request, &mut query, OFFER)?;
    let today = app.clock.today();
    let question = read_question(&app, &caller, query, today)?;
    let asked = question.clone();
    let found = app.database.read(move |db| of_year(db, &asked, today)).await?;
    let (groups, total) = found.map_or_else(Default::default, |(groups, total)| (groups, Some(total)));
    let found = Durations { question, today, groups, total };
    let vocabulary = &app.profile.vocabulary;
    let labels = |lang| ValueLabels::of(&found.question.choice, vocabulary, app.writing(lang));
    let sheet = || labelled(found.sheet(form.lang), form, |lang| found.labels(&labels(lang)));
    let answer = found.answer(form.named.map(labels));
    rendered(&request, form, &answer, (app.writing(form.lang).text("dataset-durations"), sheet), || None)
}

/// The durations that were found: of each group, and of all.
struct Durations {
    question: DurationQuery,
    today: NaiveDate,
    groups: BTreeMap<String, DurationGroup>,
    /// None where the year has no figures.
    total: Option<DurationGroup>,
}

impl Durations {
    fn progress(&self) -> Progress {
        Progress::of(self.question.year, self.today)
    }

    /// The labels of the values that were found.
    fn labels(&self, of: &ValueLabels) -> BTreeMap<String, Labelling> {
        let Some(by) = self.question.by else { return BTreeMap::new() };
        let mut columns = of.by_column(self.groups.keys().map(|value| (by, value.as_str())));
        if let Some(labels) = columns.get_mut(by.name()) {
            labels.insert(ABSENT.into(), of.label(by, ""));
            labels.insert(TOTAL.into(), of.writing.text("report-total"));
        }
        columns
    }

    /// The answer, with labels in a language where one is asked for.
    fn answer(&self, labels: Option<ValueLabels>) -> DurationAnswer {
        let DurationQuery { year, as_of, by, working, .. } = &self.question;
        let item = |(value, group): (&String, &DurationGroup)| {
            let value = Some(value.as_str()).filter(|value| !value.is_empty());
            let by = (*by)?;
            let label = labels.as_ref().map(|labels| labels.label(by, value.unwrap_or_default()));
            Some(ShownGroup { label, ..ShownGroup::of(DimensionValue::of(by, value), group) })
        };
        DurationAnswer {
            year: *year,
            days: if working.is_some() { DayKind::Working } else { DayKind::Calendar },
            as_of: *as_of,
            items: self.groups.iter().filter_map(item).collect(),
            total: self.total.as_ref().map(|total| ShownGroup::of(DimensionValue::of_all(), total)),
            provisional: self.progress() != Progress::Over,
            by: by.map(Dimension::name),
        }
    }

    fn sheet(&self, lang: Lang) -> Sheet {
        let DurationQuery { year, by, .. } = self.question;
        let header = columns(by.map_or("group", Dimension::name));
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        if by.is_some() {
            rows.extend(self.groups.iter().map(|(value, group)| {
                let value = if value.is_empty() { ABSENT } else { value };
                self.row(value, group)
            }));
        }
        if let Some(total) = &self.total {
            rows.push(self.row(TOTAL, total));
        }
        let notes = provisional::as_of(year, self.today).map(|day| provisional::note(lang, year, day));
        let notes = notes.into_iter().collect();
        Sheet {
            name: format!("durations {year}"),
            header,
            rows,
            notes,
            keys: 1,
            attributes: STATUS.len(),
            ..Sheet::default()
        }
    }

    fn row(&self, value: &str, group: &DurationGroup) -> Vec<Cell> {
        let usual = provisional::status(self.progress() != Progress::Over);
        let status = |days: &Distribution| match days.is_suppressed() {
            true => FigureStatus::Hidden.name().into(),
            false => usual.clone(),
        };
        [vec![value.into()], group.cells(), vec![status(&group.closed), status(&group.pending)]].concat()
    }
}
