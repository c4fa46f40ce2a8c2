//! The values that records may have, for everybody: code lists such as services for code lists (SDMX, i14y) take them.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::formats::{contents, format_parameter, read_format};
use crate::api::query::Query;
use crate::api::statistics::request::{Form, lang_parameter, named_lang, rendered};
use crate::digest;
use crate::error::{Error, Result};
use crate::formats::{Cell, FileFormat, Sheet, csv, json};
use crate::json::to_json;
use crate::messages::{Labels, Lang};
use crate::profile::Profile;
use crate::registers;
use crate::registers::vocabulary::Code;

static FORMATS: [&FileFormat; 2] = [&json::FORMAT, &csv::FORMAT];

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    vec![all_endpoint(), one_endpoint()]
}

fn all_endpoint() -> Endpoint {
    let mut list = example();
    list["entries"] = json!(1);
    list.as_object_mut().map(|list| list.remove("codes"));
    let example = Content::json::<CodeLists>(json!({"items": [list]}));
    let answers = contents(&FORMATS, Some(&example), &["identifier;label;version;entries"]);
    Endpoint::get("/v1/vocabularies", all)
        .named("list_vocabularies", "vocabularies", "List the code lists")
        .described(
            "The properties whose values are codes, each with its code list: those of the registers, and the dimensions \
             of the authority's own as `{register}.own.{name}`.",
        )
        .headers(&["IfNoneMatch"])
        .query(vec![lang_parameter(), format_parameter(&FORMATS, "json")])
        .answers(200, "The code lists", &["ETag"], answers)
        .answers(304, "Unchanged", &["ETag"], vec![])
}

fn one_endpoint() -> Endpoint {
    let example = Content::json::<CodeList>(example());
    let answers = contents(&FORMATS, Some(&example), &["code;label;valid_from;valid_to;parent;is;default;label_de"]);
    Endpoint::get("/v1/vocabularies/{identifier}", one)
        .named("get_vocabulary", "vocabularies", "Read a code list")
        .described(
            "The codes that a property may have, in the order in which they are shown: each with its label in every \
             language of the authority, the years received in which new records may have it, the group that it belongs \
             to, and the software's own value that it stands for (`is`), by which authorities can be compared. A changed \
             list has another `version`.",
        )
        .headers(&["IfNoneMatch"])
        .query(vec![lang_parameter(), format_parameter(&FORMATS, "json")])
        .answers(200, "The code list", &["ETag"], answers)
        .answers(304, "Unchanged", &["ETag"], vec![])
}

fn example() -> Value {
    json!({
        "identifier": "cases.area", "register": "cases", "property": "area", "label": "Bereich",
        "labels": {"de": "Bereich", "fr": "Domaine", "it": "Settore", "en": "Area"},
        "version": "8b1a9953c4611296a827abf8c47804d7",
        "publisher": {"de": "Aufsichtsstelle", "fr": "Autorité", "it": "Autorità", "en": "Authority"},
        "codes": [{
            "code": "IT", "label": "Informatik",
            "labels": {"de": "Informatik", "fr": "Informatique", "it": "Informatica", "en": "Information technology"},
            "valid_from": "2012-01-01", "is": "IT"
        }]
    })
}

/// The code lists.
#[derive(Serialize, ToSchema)]
struct CodeLists {
    /// The code lists, by register.
    #[schema(inline)]
    items: Vec<CodeListSummary>,
}

/// A code list without its codes.
#[derive(Serialize, ToSchema)]
struct CodeListSummary {
    #[serde(flatten)]
    #[schema(inline)]
    head: CodeListHead,
    /// The number of codes.
    #[schema(minimum = 0)]
    entries: usize,
}

/// The identity of a code list.
#[derive(Clone, Serialize, ToSchema)]
struct CodeListHead {
    /// The register and the property: `cases.requester`, or `cases.own.jurisdiction`.
    identifier: String,
    /// The register.
    register: &'static str,
    /// The property.
    property: String,
    /// The name of the property, in the language asked for.
    label: String,
    /// The names of the property.
    labels: Labels,
    /// The version: a digest of the codes.
    version: String,
    /// The authority that keeps the list.
    publisher: Labels,
}

/// The codes that a property may have.
#[derive(Serialize, ToSchema)]
#[schema(as = CodeList)]
struct CodeList {
    #[serde(flatten)]
    #[schema(inline)]
    head: CodeListHead,
    /// The codes in the order in which they are shown.
    #[schema(inline)]
    codes: Vec<CodeEntry>,
}

/// A code.
#[derive(Serialize, ToSchema)]
struct CodeEntry {
    /// The code, which never gets another meaning.
    code: String,
    /// The label in the language asked for.
    label: String,
    /// The labels.
    labels: Labels,
    /// The first day received of records that may get it; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    valid_from: Option<NaiveDate>,
    /// The last day received of records that may get it; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    valid_to: Option<NaiveDate>,
    /// The code of the group that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parent: Option<String>,
    /// The software's own value that it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    is: Option<&'static str>,
    /// True if a new record that says none has this one; absent for all others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    default: bool,
}

impl CodeEntry {
    fn of(code: &Code, lang: Lang) -> CodeEntry {
        let (from, to) = code.valid;
        CodeEntry {
            code: code.code.clone(),
            label: code.label.get(lang).to_owned(),
            labels: code.label.clone(),
            valid_from: from.and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1)),
            valid_to: to.and_then(|year| NaiveDate::from_ymd_opt(year, 12, 31)),
            parent: code.parent.clone(),
            is: code.is,
            default: code.is_default,
        }
    }

    fn row(&self) -> Vec<Cell> {
        let text = |text: Option<&str>| text.map_or(Cell::Empty, Cell::from);
        let day = |day: Option<NaiveDate>| day.map_or(Cell::Empty, |day| day.to_string().into());
        let mut cells = vec![self.code.as_str().into(), self.label.as_str().into()];
        cells.extend([day(self.valid_from), day(self.valid_to), text(self.parent.as_deref()), text(self.is)]);
        cells.push(text(self.default.then_some("true")));
        cells.extend(self.labels.all().map(|(_, label)| Cell::from(label)));
        cells
    }
}

impl CodeList {
    /// The list of a property, with its name in every language.
    fn of(profile: &Profile, lang: Lang, of: (&'static str, &str, Labels), codes: &[Code]) -> Result<CodeList> {
        let (register, property, labels) = of;
        let codes: Vec<CodeEntry> = codes.iter().map(|code| CodeEntry::of(code, lang)).collect();
        // The labels of one language follow from the labels of all.
        let said = codes.iter().map(|code| {
            (&code.code, &code.labels, code.valid_from, code.valid_to, &code.parent, code.is, code.default)
        });
        let version = digest::hex(&digest::sha256(&to_json(&said.collect::<Vec<_>>())?)[..16]);
        let head = CodeListHead {
            identifier: format!("{register}.{property}"),
            register,
            property: property.to_owned(),
            label: labels.get(lang).to_owned(),
            labels,
            version,
            publisher: profile.authority.name.clone(),
        };
        Ok(CodeList { head, codes })
    }

    /// All lists of a profile, by register.
    fn all(profile: &Profile, lang: Lang) -> Result<Vec<CodeList>> {
        let vocabulary = &profile.vocabulary;
        let mut lists = Vec::new();
        for register in registers::ALL {
            for list in vocabulary.lists().iter().filter(|list| list.register.name == register.name) {
                let name = list.property.name;
                let named = |lang: Lang| lang.message("vocabulary-property", &[("name", &name)]);
                let labels = Labels::of(&profile.authority.languages, named);
                lists.push(CodeList::of(profile, lang, (register.name, name, labels), &list.codes)?);
            }
            for own in vocabulary.own_dimensions(register) {
                lists.push(CodeList::of(profile, lang, (register.name, own.path, own.label.clone()), &own.codes)?);
            }
        }
        Ok(lists)
    }

    fn sheet(&self) -> Sheet {
        let names = ["code", "label", "valid_from", "valid_to", "parent", "is", "default"].map(str::to_owned);
        let languages = self.head.publisher.all().map(|(lang, _)| format!("label_{}", lang.code()));
        Sheet {
            name: self.head.identifier.clone(),
            header: names.into_iter().chain(languages).collect(),
            rows: self.codes.iter().map(CodeEntry::row).collect(),
            keys: 1,
            ..Sheet::default()
        }
    }
}

fn sheet_of_all(lists: &[CodeListSummary]) -> Sheet {
    let row = |CodeListSummary { head, entries }: &CodeListSummary| -> Vec<Cell> {
        let texts = [&head.identifier, &head.label, &head.version].map(|text| Cell::from(text.as_str()));
        texts.into_iter().chain([Cell::Number(*entries as i64)]).collect()
    };
    let header = ["identifier", "label", "version", "entries"].map(str::to_owned).to_vec();
    Sheet { name: "vocabularies".into(), header, rows: lists.iter().map(row).collect(), keys: 1, ..Sheet::default() }
}

async fn all(app: Data<App>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let lang = named_lang(&request, &mut query).unwrap_or(app.profile.authority.language());
    query.finish()?;
    let summary = |list: CodeList| CodeListSummary { entries: list.codes.len(), head: list.head };
    let lists = CodeLists { items: CodeList::all(&app.profile, lang)?.into_iter().map(summary).collect() };
    rendered(&request, Form::plain(format, lang), &lists, (String::new(), || sheet_of_all(&lists.items)), || None)
}

async fn one(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let lang = named_lang(&request, &mut query).unwrap_or(app.profile.authority.language());
    query.finish()?;
    let found = CodeList::all(&app.profile, lang)?.into_iter().find(|list| list.head.identifier == *path);
    let list =
        found.ok_or_else(|| Error::NotFound("there is no code list of that name; see /v1/vocabularies".into()))?;
    rendered(&request, Form::plain(format, lang), &list, (String::new(), || list.sheet()), || None)
}
