//! Batches: many records in one request.

use crate::api::App;
use crate::api::access_log::disclosure_context;
use crate::api::call::Call;
use crate::api::edge::operation_context;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::http::{Body, json_answer};
use crate::api::idempotency::{Claim, replay_or_run, with_replay_header};
use crate::api::problem::Problem;
use crate::api::public_address::prefix;
use crate::api::query::{Parameter, Query};
use crate::audit::access_log::Disclosure;
use crate::auth::{Caller, Scope};
use crate::context::OperationContext;
use crate::db::{Verdict, WriteError, WriteTransaction};
use crate::error::{self, Error, Result};
use crate::formats::ndjson;
use crate::json::{parse_json, to_value, unmarked};
use crate::records::Document;
use crate::records::lookups;
use crate::records::references::UniqueValue;
use crate::records::row::RecordRow;
use crate::records::store::external::Outcome;
use crate::registers::{Register, Vocabulary, example};
use crate::sync::external::{Sender, ValidatedLine};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use utoipa::ToSchema;

/// The largest batch, in bytes.
const BYTES: usize = 16 << 20;

/// The most lines of a batch.
const LINES: usize = 10_000;

/// The most faults of a line that are told, and the number of faulty lines to which this applies: of later ones, only
/// one fault is told.
const FAULTS: usize = 10;

const FAULTY_LINES: usize = 100;

/// The number of lines kept by one commit, unless the batch is atomic. Others can write in between.
const GROUP: usize = 500;

/// The batch of a register.
pub fn endpoint(register: &'static Register, vocabulary: &Vocabulary) -> Endpoint {
    let (name, record) = (register.name, register.record);
    let body = example::new_record(register, vocabulary);
    let mut with_key = body.clone();
    with_key["external"] = json!({"system": "gever", "id": "G-2017-4712", "version": 1});
    let lines = format!("{with_key}\n{body}\n");
    let flag = |name, description: &str| {
        Parameter::one(name, description, json!({"type": "boolean", "default": false}), Value::Null)
    };
    Endpoint::new(
        Method::POST,
        format!("/v1/{name}/batch"),
        move |call: Call, body: Body| {
            batch(register, call, body)
        },
    )
    .named(format!("batch_{}", name.replace('-', "_")), name, format!("Deliver many {}", name.replace('-', " ")))
    .described(format!(
        "A record on each line: with `external` it is created or replaced by the key in the other system, without it \
         is created, received today unless it says otherwise. Every line has its own result and harms no other, unless `atomic=true`. At most {LINES} lines \
         and 16 MiB. A line is checked like the body of `PUT .../external/...` or `POST /v1/{name}`; blank lines are \
         passed over. Schema of a line: `{record}Delivery` or `New{record}`. Without `register:read` no record that is \
         in the way is named, and a dry run tells no ids. Of each line {FAULTS} faults are told, and one where more than \
         {FAULTY_LINES} lines are faulty."
    ))
    .scope(Scope::RegisterWrite)
    .headers(&["IdempotencyKey", "AccessPurpose"])
    .query(vec![
        flag("atomic", "Whether all lines are kept or none: one that fails takes all others back (status 424)"),
        flag("dry_run", "Whether everything is checked and nothing kept"),
    ])
    .body_limit(BYTES)
    .body(vec![Content::text(ndjson::FORMAT.media_type, &lines)])
    .answers(207, "A result for each line", &["IdempotencyReplayed"], vec![Content::json::<BatchResult>(answer_example())])
}

fn answer_example() -> Value {
    json!({
        "summary": {"created": 1, "updated": 0, "unchanged": 0, "failed": 1},
        "results": [
            {"line": 1, "status": 201, "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0123", "revision": 1},
            {"line": 2, "status": 422, "problem": to_value(&Problem::example(&error::VALIDATION_FAILED))}
        ]
    })
}

/// The outcome of a batch.
#[derive(Serialize, ToSchema)]
struct BatchResult {
    /// The numbers of lines by their outcome.
    #[schema(inline)]
    summary: BatchSummary,
    /// A result for each line that is not blank.
    #[schema(inline)]
    results: Vec<LineResult>,
}

/// The numbers of lines by their outcome.
#[derive(Serialize, ToSchema)]
struct BatchSummary {
    /// Records created.
    created: usize,
    /// Records changed.
    updated: usize,
    /// Lines that said the same again.
    unchanged: usize,
    /// Lines not kept.
    failed: usize,
}

/// The result of a line.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
struct LineResult {
    /// The line, from 1.
    #[schema(minimum = 1)]
    line: usize,
    /// The status that it would have had alone.
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// The record's id; absent in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid")]
    id: Option<String>,
    /// Its business number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    number: Option<String>,
    /// Its revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, minimum = 1)]
    revision: Option<i64>,
    /// The reason why the line was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Problem)]
    problem: Option<Value>,
    /// True if the line said the same again; not shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(ignore)]
    unchanged: bool,
    /// The register of the record that is in the way; not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    register: Option<String>,
    /// The properties of personal data that a line confirms because it says the same again; neither shown nor kept.
    #[serde(skip)]
    confirmed: Vec<String>,
}

impl LineResult {
    fn failed(line: usize, error: &Error, request_id: &str) -> Self {
        LineResult::failed_for(FAULTS, line, error, request_id)
    }

    /// The same with so many faults at the most.
    fn failed_for(most: usize, line: usize, error: &Error, request_id: &str) -> Self {
        let problem = Problem::from(error).telling(most).in_request(request_id);
        let status = error.problem_type().status;
        let register = match error {
            Error::Conflict { register, .. }
            | Error::StaleVersion { register, .. }
            | Error::Deleted { register, .. } => register.clone(),
            _ => None,
        };
        LineResult { line, status, problem: Some(to_value(&problem)), register, ..LineResult::default() }
    }

    fn stored(line: usize, outcome: Outcome, record: RecordRow) -> Result<Self> {
        let unchanged = outcome == Outcome::Unchanged;
        Ok(LineResult {
            line,
            status: if outcome == Outcome::Created { 201 } else { 200 },
            confirmed: if unchanged { record.personal_properties()? } else { Vec::new() },
            id: Some(record.id),
            number: Some(record.number),
            revision: Some(record.revision),
            unchanged,
            ..LineResult::default()
        })
    }

    /// As much of it as the caller may read, now and not when it was kept. A trial that keeps nothing tells who may not
    /// read neither which record there is nor whether it says the same.
    fn veiled(mut self, register: &Register, caller: &Caller, dry_run: bool) -> Self {
        let in_the_way = self.register.take();
        if let Some(problem) = &mut self.problem
            && !in_the_way.is_some_and(|name| caller.reads(&name))
        {
            Problem::without_record(problem);
        }
        if dry_run && !caller.reads(register.name) {
            (self.id, self.number, self.revision, self.unchanged) = (None, None, None, false);
        }
        self
    }

    /// With its problem's type below the path at which clients reach the service.
    fn below(mut self, prefix: &str) -> Self {
        if let Some(problem) = &mut self.problem {
            Problem::lead_below(problem, prefix);
        }
        self
    }

    fn is_failed(&self) -> bool {
        self.problem.is_some()
    }
}

fn check(register: &Register, sender: &Sender, limit: usize, line: &[u8]) -> Result<ValidatedLine> {
    if line.len() > limit {
        return Err(Error::TooLarge(limit));
    }
    ValidatedLine::read(register, sender, parse_json(line)?)
}

/// The lines that are not blank, with their numbers. Files that were put one behind the other have a mark each.
fn lines(body: &Bytes) -> Result<Vec<(usize, Bytes)>> {
    let mut all = Vec::new();
    let mut from = 0;
    for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
        let end = from + line.len();
        let line = unmarked(line);
        if !line.trim_ascii().is_empty() {
            all.push((index + 1, body.slice(end - line.len()..end)));
        }
        if all.len() > LINES {
            return Err(Error::TooManyLines(LINES));
        }
        from = end + 1;
    }
    Ok(all)
}

/// A line that was checked, or what it was refused for.
type CheckedLine = (usize, std::result::Result<ValidatedLine, Box<LineResult>>);

/// Checks lines; `faulty` counts those of the batch that were refused.
fn check_lines(
    group: &[(usize, Bytes)],
    check: impl Fn(&[u8]) -> Result<ValidatedLine>,
    faulty: &AtomicUsize,
    request_id: &str,
) -> Vec<CheckedLine> {
    let refused = |number: usize, error: &Error| {
        let most = if faulty.fetch_add(1, Ordering::Relaxed) < FAULTY_LINES { FAULTS } else { 1 };
        Box::new(LineResult::failed_for(most, number, error, request_id))
    };
    let checked = |line: &[u8], number| check(line).map_err(|error| refused(number, &error));
    group.iter().map(|(number, line)| (*number, checked(line, *number))).collect()
}

/// Stores checked lines: together, or one by one where the database refuses what was found right.
fn store_lines(
    tx: &mut WriteTransaction,
    register: &'static Register,
    group: &[CheckedLine],
    by: &OperationContext,
) -> Result<Vec<LineResult>> {
    match tx.savepoint(|tx| store_together(tx, register, group, by)).map_err(WriteError::from) {
        Err(WriteError::Poisoned(error)) => {
            log::warn!("{} lines are stored one by one: {error}", group.len());
            results(group, by, |line| match line.store(tx, register, by) {
                Err(error @ Error::Unavailable(_)) => Err(WriteError::ConnectionLost(error)),
                stored => stored.map_err(WriteError::Refused),
            })
        }
        stored => Ok(stored?),
    }
}

/// Stores lines with the same lookups. One that is refused has written nothing; what fails otherwise takes all with it.
fn store_together(
    tx: &mut WriteTransaction,
    register: &'static Register,
    group: &[CheckedLine],
    by: &OperationContext,
) -> Result<Vec<LineResult>> {
    let documents: Vec<&Document> = group.iter().filter_map(|(_, line)| Some(line.as_ref().ok()?.document())).collect();
    lookups::look_up_only(tx, register, &documents)?;
    let results = results(group, by, |line| tx.attempt(|tx| line.store_among(tx, register, by)))?;
    tx.flushed_up_to::<UniqueValue>()?;
    Ok(results)
}

/// The result of each line of a group, as long as the transaction goes on. Fails with all keys that lines lack.
fn results(
    group: &[CheckedLine],
    by: &OperationContext,
    mut store: impl FnMut(&ValidatedLine) -> std::result::Result<(Outcome, RecordRow), WriteError>,
) -> Result<Vec<LineResult>> {
    let mut needed = Vec::new();
    let result = |(line, checked): &CheckedLine| match checked.as_ref().map(&mut store) {
        Err(refused) => Ok(LineResult::clone(refused)),
        Ok(Ok((outcome, row))) => LineResult::stored(*line, outcome, row),
        Ok(Err(WriteError::Refused(Error::KeysNeeded(needs)))) => {
            needed.extend(needs);
            Ok(LineResult::default())
        }
        Ok(Err(WriteError::Refused(error))) => Ok(LineResult::failed(*line, &error, &by.request_id)),
        Ok(Err(error)) => Err(error.into()),
    };
    let results = group.iter().map(result).collect::<Result<_>>()?;
    if needed.is_empty() { Ok(results) } else { Err(Error::KeysNeeded(needed)) }
}

/// Stores lines, and takes them back if it is only a trial, or if it must be all and a line failed.
fn store_or_roll_back(
    tx: &mut WriteTransaction,
    register: &'static Register,
    group: &[CheckedLine],
    by: &OperationContext,
    (atomic, dry_run): (bool, bool),
) -> Result<Vec<LineResult>> {
    let mut results = tx.on_trial(|tx| {
        let results = store_lines(tx, register, group, by)?;
        let is_undone = dry_run || (atomic && results.iter().any(LineResult::is_failed));
        Ok((results, if is_undone { Verdict::TakeBack } else { Verdict::Keep }))
    })?;
    let fails = atomic && results.iter().any(LineResult::is_failed);
    if !dry_run && !fails {
        return Ok(results);
    }
    for result in &mut results {
        if fails && !result.is_failed() {
            *result = LineResult::failed(result.line, &Error::RolledBack, &by.request_id);
        }
        if result.status == 201 {
            (result.id, result.number, result.revision) = (None, None, None);
        }
    }
    Ok(results)
}

/// The results of the lines of a step; true if they were given before.
type StepResults = (Vec<LineResult>, bool);

/// A batch as its request wants it stored.
struct Batch {
    register: &'static Register,
    app: Data<App>,
    sender: Sender,
    by: OperationContext,
    claim: Option<Claim>,
    atomic: bool,
    dry_run: bool,
    /// The number of lines that were refused.
    faulty: Arc<AtomicUsize>,
}

impl Batch {
    /// True if one transaction stores it.
    fn is_whole(&self) -> bool {
        self.atomic || self.dry_run
    }

    /// Checks lines, elsewhere.
    fn check(&self, group: &[(usize, Bytes)]) -> impl Future<Output = Result<Vec<CheckedLine>>> + use<> {
        let (register, sender, limit) = (self.register, self.sender.clone(), self.app.config.limits.body);
        let (group, id, faulty) = (group.to_vec(), self.by.request_id.clone(), self.faulty.clone());
        let check = move |line: &[u8]| check(register, &sender, limit, line);
        let checking = actix_web::web::block(move || check_lines(&group, check, &faulty, &id));
        async { checking.await.map_err(|_| Error::Internal("a checking task panicked".into())) }
    }

    /// Stores the lines of a step, or returns what became of them before; true in that case. They are stored again with the keys
    /// of records that they lacked.
    async fn store(&self, step: usize, checked: Vec<CheckedLine>) -> Result<StepResults> {
        let (mut by, checked) = (self.by.clone(), Arc::new(checked));
        loop {
            match self.try_store(step, checked.clone(), by.clone()).await {
                Err(Error::KeysNeeded(needs)) => by.keys = by.keys.provided(needs).await?,
                stored => return stored,
            }
        }
    }

    async fn try_store(
        &self,
        step: usize,
        checked: Arc<Vec<CheckedLine>>,
        by: OperationContext,
    ) -> Result<StepResults> {
        let (register, atomic, dry_run, is_whole) = (self.register, self.atomic, self.dry_run, self.is_whole());
        let (under, place) = (Claim::request(&self.claim), by.trace.clone());
        let store = move |tx: &mut WriteTransaction| {
            replay_or_run(tx, under.as_ref().filter(|_| !dry_run), step as i64, |tx| match is_whole {
                true => store_or_roll_back(tx, register, &checked, &by, (atomic, dry_run)),
                false => store_lines(tx, register, &checked, &by),
            })
        };
        self.app.write_within(place.as_ref(), store).await
    }

    /// Checks and stores lines, and returns what became of each; true if all that was known before.
    async fn run(&self, all: &[(usize, Bytes)]) -> Result<(Vec<LineResult>, bool)> {
        let mut results: Vec<LineResult> = Vec::with_capacity(all.len());
        let mut replayed = !all.is_empty();
        let groups: Vec<_> = all.chunks(if self.is_whole() { LINES } else { GROUP }).collect();
        let mut next = groups.first().map(|group| self.check(group));
        for (step, group) in groups.iter().enumerate() {
            let Some(these) = next.take() else { break };
            let checked = these.await?;
            // The next lines are checked while these are written.
            next = groups.get(step + 1).map(|group| self.check(group));
            match self.store(step, checked).await {
                Ok((group, before)) => {
                    replayed &= before;
                    results.extend(group);
                }
                // What was kept before stays: each line says what became of it.
                Err(error @ (Error::Unavailable(_) | Error::OutcomeUnknown(_))) if step > 0 => {
                    log::error!("{error}");
                    replayed = false;
                    let failed =
                        |(number, _): &(usize, Bytes)| LineResult::failed(*number, &error, &self.by.request_id);
                    results.extend(group.iter().map(failed));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((results, replayed))
    }
}

async fn batch(register: &'static Register, Call { app, caller, request }: Call, body: Body) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let (atomic, dry_run) = (query.flag("atomic"), query.flag("dry_run"));
    query.finish()?;
    let media_type = request.content_type().trim().to_ascii_lowercase();
    if ![ndjson::FORMAT.media_type, "application/ndjson", "application/jsonl"].contains(&media_type.as_str()) {
        return Err(Error::UnsupportedMediaType(ndjson::FORMAT.media_type));
    }
    let viewer = disclosure_context(&caller, &request)?;
    let claim = Claim::of(&app, &caller, &request, &body.0)?;
    let mut by = operation_context(&app, &caller, &request);
    by.keys = if dry_run { by.keys.on_trial() } else { by.keys };
    let sender = Sender::of(&caller, app.rules());
    let all = lines(&body.0)?;
    let batch = Batch { register, app, sender, by, claim, atomic, dry_run, faulty: Arc::default() };
    let (results, replayed) = batch.run(&all).await?;
    if dry_run && batch.app.view_of(&caller).keys().is_some() {
        batch.app.access_log.record(&viewer, confirmed(register, &results)).await?;
    }
    let prefix = prefix(&batch.app.config, &request);
    let shown = |result: LineResult| result.veiled(register, &caller, dry_run).below(&prefix);
    let results = results.into_iter().map(shown).collect();
    answer(results, replayed && batch.claim.is_some())
}

/// The personal data that a trial confirms: lines that say the same again leave no trace but this.
fn confirmed(register: &'static Register, results: &[LineResult]) -> Vec<Disclosure> {
    let of_line = |result: &LineResult| {
        let properties = Some(result.confirmed.clone()).filter(|properties| !properties.is_empty())?;
        Some(Disclosure { register: register.name, record: result.id.clone()?, properties })
    };
    results.iter().filter_map(of_line).collect()
}

fn answer(results: Vec<LineResult>, replayed: bool) -> Result<HttpResponse> {
    let count = |of: &dyn Fn(&LineResult) -> bool| results.iter().filter(|result| of(result)).count();
    let summary = BatchSummary {
        created: count(&|r| r.status == 201),
        updated: count(&|r| r.status == 200 && !r.unchanged),
        unchanged: count(&|r| r.unchanged),
        failed: count(&LineResult::is_failed),
    };
    let results = results.into_iter().map(|result| LineResult { unchanged: false, ..result }).collect();
    let response = json_answer(StatusCode::MULTI_STATUS, &BatchResult { summary, results })?;
    Ok(with_replay_header(response, replayed))
}
