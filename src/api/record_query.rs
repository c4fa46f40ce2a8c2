//! The query parameters of lists: what they are, and what a request says by them.

use crate::messages::Lang;
use crate::registers::schema::LABELS;
use crate::source::did_you_mean;
use actix_web::HttpRequest;
use serde_json::{Value, json};

use crate::api::App;
use crate::api::own_query::{self, number_parameters, read_numbers};
use crate::api::query::{Parameter, Query, VALUE_LENGTH};
use crate::auth::{Caller, Scope};
use crate::error::{self, Error, Result};
use crate::records::query::filter::Filter;
use crate::records::query::page::{Order, SortField};
use crate::registers::{self, ABSENT, ALL, Dimension, Register, Vocabulary};

/// The id of a record (RFC 9562).
const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/// The parameter that picks registers, as [`read_registers`] reads it.
pub fn registers_parameter(description: &str) -> Parameter {
    let names: Vec<&str> = ALL.iter().map(|register| register.name).collect();
    Parameter::many("register", description, json!({"type": "string", "enum": names}), json!("cases")).hinted()
}

/// The names of the registers that a request picks; none for all of them.
pub fn read_registers(query: &mut Query) -> Vec<String> {
    let names: Vec<&str> = ALL.iter().map(|register| register.name).collect();
    query.choice("register", |name| names.contains(&name), &names.join(", "))
}

/// The parameters that choose records, as [`read_filter`] reads them.
pub fn filter_parameters(register: Option<&'static Register>, vocabulary: &Vocabulary) -> Vec<Parameter> {
    let mut all: Vec<Parameter> = Vec::new();
    for dimension in vocabulary.filter_dimensions(register) {
        if register.is_some_and(|r| dimension == Dimension::Register || !vocabulary.has(r, dimension)) {
            continue;
        }
        all.push(dimension_parameter(dimension, register, vocabulary));
    }
    let text = json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    let called = |property: &'static str| register.map_or(Some(property), |register| register.property_name(property));
    all.push(Parameter::many("number", "Numbers, whatever their case", text.clone(), json!("2017-0123")));
    if let Some(name) = called("organisation") {
        let what = "Public bodies: names, whatever their case, or ids of the register organisations";
        all.push(Parameter::many(name, what, text.clone(), json!("Gemeinde Musterwil")));
    }
    if called("received_on").is_some() {
        all.push(Parameter { many: true, ..Parameter::year("year", "Years received (Europe/Zurich)", 2017) });
    }
    all.extend(span_parameters(register));
    if let Some(register) = register {
        all.extend(reference_parameters(register));
        all.extend(number_parameters(register, vocabulary));
    }
    all.extend([
        Parameter::one(
            "updated_since",
            "Changed at this instant or later",
            json!({"type": "string", "format": "date-time"}),
            json!("2017-03-14T09:30:00Z"),
        ),
        Parameter::one(
            "q",
            "Words to look for in title and number: beginnings of words, whatever their case and accents",
            text,
            json!("daten gemeinde"),
        ),
    ]);
    all.into_iter().map(Parameter::hinted).collect()
}

/// The parameters for the dates that a register has.
fn span_parameters(register: Option<&Register>) -> Vec<Parameter> {
    let mut all = Vec::new();
    for property in ["received_on", "closed_on", "due_on"] {
        let called = register.map_or(Some(property), |register| register.property_name(property));
        let Some(name) = called else { continue };
        let (from, to) = span(name);
        all.push(Parameter::date(from, format!("`{name}` is this day or later"), "2017-01-01"));
        all.push(Parameter::date(to, format!("`{name}` is this day or earlier"), "2017-12-31"));
    }
    all
}

/// The parameters for the properties of a register that are unique, and for those that refer to other records.
fn reference_parameters(register: &Register) -> Vec<Parameter> {
    let text = json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    let unique = register
        .unique
        .iter()
        .map(|property| Parameter::many(*property, format!("Values of `{property}`"), text.clone(), Value::Null));
    let references = register.references.iter().map(|reference| {
        // As a format it is more than Swagger UI knows of the elements of a list.
        let id = json!({"type": "string", "pattern": UUID});
        let what = format!("Ids of the records that `{}` refers to", reference.property);
        Parameter::many(reference.property, what, id, Value::Null)
    });
    unique.chain(references).collect()
}

/// The parameters for a span of days of a date: `received_from` and `received_to` for `received_on`.
fn span(date: &str) -> (String, String) {
    let stem = date.strip_suffix("_on").unwrap_or(date);
    (format!("{stem}_from"), format!("{stem}_to"))
}

/// The parameter that shows other records with a record.
pub fn expand_parameters(register: &Register) -> Vec<Parameter> {
    let names: Vec<&str> = register.referring().map(|referring| referring.name).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let what = "Also the records of these registers that refer to it, each list under its register's name: the first 100 by number, \
        fewer on long pages (2000 on all of a page); `rest` says where more are";
    vec![Parameter::many("expand", what, json!({"type": "string", "enum": names}), Value::Null)]
}

/// Reads `expand`: the registers whose records are to be shown too, all of which the caller must be let into.
pub fn read_expand(query: &mut Query, register: &Register, caller: &Caller) -> Result<Vec<&'static Register>> {
    let known: Vec<&'static Register> = register.referring().collect();
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = known.iter().map(|register| register.name).collect();
    let chosen = query.choice("expand", |name| names.contains(&name), &names.join(", "));
    let chosen: Vec<&Register> = known.into_iter().filter(|r| chosen.iter().any(|name| name == r.name)).collect();
    if caller.is_anonymous && !chosen.is_empty() {
        return Err(Error::MissingScope(Scope::RegisterRead.as_str()));
    }
    match chosen.iter().all(|register| caller.can_access(register.name)) {
        true => Ok(chosen),
        false => Err(Error::OtherRegister),
    }
}

/// A filter parameter for the values of a dimension that a register has.
pub fn dimension_parameter(
    dimension: Dimension,
    register: Option<&'static Register>,
    vocabulary: &Vocabulary,
) -> Parameter {
    let mut description = format!("Any of these values of {}", dimension.name());
    if dimension.can_be_absent() {
        description += "; `NONE` for records without one";
    }
    if vocabulary.has_groups(register, dimension) {
        description += "; a group chooses its members too";
    }
    let schema = dimension_schema(dimension, register, vocabulary);
    let example = schema["enum"].get(0).cloned().unwrap_or(json!("RF"));
    Parameter::many(named(dimension, register), description, schema, example)
}

/// The schema of a value of a dimension in a filter: a code, a group of codes, or none.
fn dimension_schema(dimension: Dimension, register: Option<&'static Register>, vocabulary: &Vocabulary) -> Value {
    let groups = vocabulary.groups(register, dimension);
    let codes = register
        .filter(|_| !matches!(dimension, Dimension::Register | Dimension::Responsible | Dimension::Status))
        .map(|register| vocabulary.codes_in(register, dimension));
    let values = match codes {
        Some(codes) => Some(codes.iter().map(|code| code.code.as_str()).collect()),
        None => vocabulary.values(dimension),
    };
    let Some(mut values) = values else {
        return json!({"type": "string", "minLength": 1, "maxLength": VALUE_LENGTH});
    };
    values.extend(&groups);
    values.extend(dimension.can_be_absent().then_some(ABSENT));
    let mut schema = json!({"type": "string", "enum": values});
    if let Some(codes) = codes {
        let labels = codes.iter().map(|code| code.label.get(Lang::En)).chain(groups);
        schema[LABELS] = labels.chain(dimension.can_be_absent().then_some("without a value")).collect();
    }
    schema
}

/// The filter parameters of all dimensions, for statistics.
pub fn dimension_parameters(vocabulary: &Vocabulary) -> Vec<Parameter> {
    let parameter = |dimension| dimension_parameter(dimension, None, vocabulary).hinted();
    vocabulary.all_dimensions().map(parameter).collect()
}

/// The name of a dimension's property in a register.
fn named(dimension: Dimension, register: Option<&'static Register>) -> &'static str {
    register.and_then(|register| register.property_name(dimension.name())).unwrap_or(dimension.name())
}

/// Reads the values that a query chooses in the dimensions, of records of these registers unless it chooses others.
pub fn read_dimensions<'r>(
    query: &mut Query,
    vocabulary: &Vocabulary,
    registers: impl IntoIterator<Item = &'r Register>,
) -> Vec<(Dimension, Vec<String>)> {
    let parameters: Vec<Parameter> =
        vocabulary.all_dimensions().map(|dimension| dimension_parameter(dimension, None, vocabulary)).collect();
    let named = read_dimensions_of(query, None, &parameters, vocabulary);
    let is_register = |(dimension, _): &&(Dimension, Vec<String>)| *dimension == Dimension::Register;
    let registers: Vec<&Register> = match named.iter().find(is_register) {
        Some((_, names)) => names.iter().filter_map(|name| registers::find(name)).collect(),
        None => registers.into_iter().collect(),
    };
    with_children(named, &registers, vocabulary).unwrap_or_else(|dimension| {
        let reason = "names a group that has other values in one register than in another: choose one with register";
        query.fault(dimension.name(), "invalid_value", reason);
        Vec::new()
    })
}

/// Values with those that belong to them as to their group; the dimension where these are others in one register than in another.
fn with_children(
    named: Vec<(Dimension, Vec<String>)>,
    registers: &[&Register],
    vocabulary: &Vocabulary,
) -> std::result::Result<Vec<(Dimension, Vec<String>)>, Dimension> {
    let of = |(dimension, named): (Dimension, Vec<String>)| {
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        match vocabulary.values_in(registers, dimension, &named).as_slice() {
            [(_, values)] => Ok((dimension, values.iter().cloned().collect())),
            _ => Err(dimension),
        }
    };
    named.into_iter().map(of).collect()
}

/// Reads the values that a query names in the dimensions, by the names that these have in a register.
fn read_dimensions_of(
    query: &mut Query,
    register: Option<&'static Register>,
    parameters: &[Parameter],
    vocabulary: &Vocabulary,
) -> Vec<(Dimension, Vec<String>)> {
    let mut chosen = Vec::new();
    for dimension in vocabulary.filter_dimensions(register) {
        let name = named(dimension, register);
        let Some(parameter) = parameters.iter().find(|p| p.name == name) else { continue };
        let known: Option<Vec<String>> = parameter.schema["enum"]
            .as_array()
            .map(|values| values.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        let list = known.as_ref().map(|values| values.join(", ")).unwrap_or_default();
        let is_known = |value: &str| known.as_ref().is_none_or(|values| values.iter().any(|v| v == value));
        let knows = |value: &str| is_known(value) || vocabulary.had(register, dimension, value);
        let values = query.choice(name, knows, &list);
        if !values.is_empty() {
            chosen.push((dimension, values));
        }
    }
    chosen
}

/// Reads the filters of a register's lists, for a caller: everybody sees only what is published, and learns nothing
/// of properties that are not public.
pub fn read_filter(query: &mut Query, register: &'static Register, vocabulary: &Vocabulary, caller: &Caller) -> Filter {
    let parameters = filter_parameters(Some(register), vocabulary);
    if caller.is_anonymous {
        for parameter in parameters.iter().filter(|parameter| !is_public(register, &parameter.name)) {
            if !query.many(&parameter.name).is_empty() {
                query.fault(&parameter.name, "not_public", "asks for what is not public; send an access token");
            }
        }
    }
    let q = query.one("q");
    if q.as_ref().is_some_and(|q| q.trim().is_empty() || q.chars().count() > VALUE_LENGTH) {
        query.fault("q", "invalid_length", "must have 1 to 300 characters");
    }
    let mut day = |property: &'static str| match register.property_name(property).map(span) {
        Some((from, to)) => (query.date(&from), query.date(&to)),
        None => (None, None),
    };
    let (received, closed, due) = (day("received_on"), day("closed_on"), day("due_on"));
    let references = register.references.iter().map(|reference| reference.property);
    let named = read_dimensions_of(query, Some(register), &parameters, vocabulary);
    let dimensions = with_children(named, &[register], vocabulary).unwrap_or_default();
    Filter {
        register: Some(register),
        dimensions,
        cell: None,
        own_numbers: read_numbers(query, register, vocabulary),
        numbers: query.many("number"),
        organisations: register.property_name("organisation").map(|name| query.many(name)).unwrap_or_default(),
        keys: chosen(query, register.unique.iter().copied()),
        references: chosen(query, references),
        published: caller.is_anonymous,
        years: query.years("year"),
        received,
        closed,
        due,
        updated_since: query.instant("updated_since"),
        q,
    }
}

/// Values by property, of those properties that any are given for.
fn chosen(query: &mut Query, properties: impl Iterator<Item = &'static str>) -> Vec<(&'static str, Vec<String>)> {
    properties.map(|property| (property, query.many(property))).filter(|(_, values)| !values.is_empty()).collect()
}

/// True if a filter or sort by this name tells everybody no more than the public properties do.
fn is_public(register: &Register, name: &str) -> bool {
    let shown = |property: &str| register.public.contains(&property);
    let date = name.strip_suffix("_from").or(name.strip_suffix("_to"));
    let received = register.property_name("received_on").is_some_and(shown);
    matches!(name, "number" | "q" | "updated_since" | "created_at" | "updated_at")
        || shown(name)
        || date.is_some_and(|stem| shown(&format!("{stem}_on")))
        || (name == "year" && received)
}

/// The parameters that move within a list.
pub fn page_parameters() -> Vec<Parameter> {
    vec![
        Parameter::one(
            "limit",
            "How many items a page has at the most",
            json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}),
            json!(50),
        ),
        Parameter::one(
            "cursor",
            "Where the page before ended: its `next`",
            json!({"type": "string", "minLength": 1, "maxLength": 2000}),
            Value::Null,
        ),
    ]
}

/// The fields that a register's lists can be sorted by, as they are called in it.
fn sort_fields(register: Option<&Register>, vocabulary: &Vocabulary) -> Vec<(&'static str, SortField)> {
    let called = |name: &'static str| register.map_or(Some(name), |register| register.property_name(name));
    let of_software = SortField::ALL.into_iter().filter_map(|(name, field)| Some((called(name)?, field)));
    let own = register.map(|register| own_query::sort_fields(register, vocabulary)).unwrap_or_default();
    of_software.chain(own).collect()
}

/// The usual order of a register: newest first, or by name where nothing has a day.
fn usual_order(register: Option<&Register>) -> Order {
    match register.and_then(|register| register.property_name("received_on").is_none().then_some(register)) {
        Some(_) => Order::new(vec![(SortField::Title, false)]),
        None => Order::default(),
    }
}

/// The parameters of lists of records.
pub fn list_parameters(register: Option<&Register>, vocabulary: &Vocabulary) -> Vec<Parameter> {
    let fields: Vec<&str> = sort_fields(register, vocabulary).into_iter().map(|(name, _)| name).collect();
    let called = |name: &'static str| register.map_or(Some(name), |register| register.property_name(name));
    let usual = match called("received_on") {
        Some(day) => format!("-{day}"),
        None => called("title").unwrap_or("title").to_owned(),
    };
    let mut all = page_parameters();
    all.push(Parameter::one(
        "include_total",
        "Whether `total` says how many there are in all",
        json!({"type": "boolean", "default": false}),
        Value::Null,
    ));
    all.push(Parameter::one(
        "sort",
        format!(
            "Fields separated by commas, descending with a minus sign: {}. The business number decides what they leave \
             open; records without the date come last in ascending order, for example `{usual},number`. `{}` is in the order \
             of Swiss lists: ä stands with a and ß with ss, signs only separate words, and accents and capitals decide \
             where nothing else differs.",
            fields.join(", "),
            called("title").unwrap_or("title"),
        ),
        json!({"type": "string", "default": usual, "pattern": format!("^-?({0})(,-?({0}))*$", fields.join("|").replace('.', "\\."))}),
        Value::Null,
    ));
    all
}

/// Reads `sort`; of what is `published` only public fields can be sorted by.
pub fn read_order(query: &mut Query, register: Option<&Register>, vocabulary: &Vocabulary, published: bool) -> Order {
    let known = sort_fields(register, vocabulary);
    let hidden = |name: &str| published && !register.is_some_and(|register| is_public(register, name));
    let mut fields: Vec<(SortField, bool)> = Vec::new();
    for text in query.many("sort") {
        let (name, descending) = text.strip_prefix('-').map_or((text.as_str(), false), |name| (name, true));
        match known.iter().find(|(known, _)| *known == name) {
            Some((name, _)) if hidden(name) => {
                query.fault("sort", "not_public", "asks for what is not public; send an access token");
            }
            Some((_, field)) if fields.iter().all(|(other, _)| other != field) => fields.push((*field, descending)),
            Some(_) => query.fault("sort", "repeated", "must name each field once only"),
            None => {
                let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                let meant = did_you_mean(name.split([':', ' ']).next().unwrap_or_default(), known.iter().copied());
                let known = known.join(", ");
                let detail =
                    format!("must name fields among {known}; a minus before one turns its order, as in -number{meant}");
                query.fault("sort", "invalid_value", &detail);
            }
        }
    }
    if fields.is_empty() { usual_order(register) } else { Order::new(fields) }
}

/// The part of a request that says which page it wants.
pub struct PageRequest {
    /// The most items on the page.
    pub limit: i64,
    /// The place at which the page before ended.
    pub after: Option<Vec<String>>,
    identity: String,
}

const BAD_CURSOR: &str =
    "is none of this list's; begin again without a cursor, with the same filters and sort on every page";

impl PageRequest {
    /// Reads `limit` and `cursor`.
    pub fn read(app: &App, request: &HttpRequest, query: &mut Query) -> Self {
        let identity = query.list_identity(request.path());
        let limit = query.number("limit", 1..=1000).unwrap_or(50);
        let after = query.one("cursor").and_then(|cursor| {
            let place = app.cursors.read(&identity, &cursor);
            if place.is_none() {
                query.fault("cursor", "invalid_cursor", BAD_CURSOR);
            }
            place
        });
        PageRequest { limit, after, identity }
    }

    /// The place where the page before ended, for lists in the order of a number; 0 at the beginning.
    pub fn after_number(&self) -> Result<i64> {
        match self.after.as_deref() {
            None => Ok(0),
            Some([number]) => number.parse().map_err(|_| PageRequest::bad_cursor()),
            Some(_) => Err(PageRequest::bad_cursor()),
        }
    }

    /// The cursor for the place where this page ends, and the query of the next one.
    pub fn next(&self, app: &App, request: &HttpRequest, end: Option<Vec<String>>) -> Option<(String, String)> {
        let cursor = app.cursors.write(&self.identity, &end?);
        let query = Query::of(request).with_cursor(&cursor);
        Some((cursor, query))
    }

    /// Returns the error for a cursor whose place cannot be read.
    pub fn bad_cursor() -> Error {
        Error::Parameters(vec![error::Fault::of("cursor", "invalid_cursor", BAD_CURSOR)])
    }
}
