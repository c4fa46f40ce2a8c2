//! The catalogue of the statistics by DCAT-AP CH, for data portals: every dataset, and every format that it comes in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oxjsonld::JsonLdSerializer;
use oxrdf::vocab::rdf;
use oxrdf::{GraphName, IriParseError, Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use oxttl::TurtleSerializer;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use utoipa::ToSchema;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint};
use crate::api::formats::{contents, format_parameter, read_format};
use crate::api::public_address::address;
use crate::api::query::Query;
use crate::api::statistics::data_package::path_of;
use crate::api::statistics::request::{file_answer, layout_parameter, read_catalogue_layout};
use crate::api::statistics::{activities, backlog, counts, durations, staffing, tables, year_figures};
use crate::auth::{Caller, Scope};
use crate::authority::Authority;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::formats::{BodyForm, FileFormat, Offer, Writer};
use crate::messages::{Labels, Lang, Writing};
use crate::statistics::available;
use crate::statistics::layout::{Layout, TableLayout};

static JSON_LD: FileFormat = FileFormat {
    name: "json-ld",
    title: "JSON-LD",
    media_type: "application/ld+json",
    content_type: "application/ld+json",
    extension: "jsonld",
    writer: Writer::Elsewhere,
    form: BodyForm::OwnJson,
};

static TURTLE: FileFormat = FileFormat {
    name: "turtle",
    title: "Turtle",
    media_type: "text/turtle",
    content_type: "text/turtle",
    extension: "ttl",
    writer: Writer::Elsewhere,
    form: BodyForm::Text("@prefix dcat: <http://www.w3.org/ns/dcat#> ."),
};

/// The formats of the catalogue.
static FORMATS: [&FileFormat; 2] = [&JSON_LD, &TURTLE];

const PREFIXES: [(&str, &str); 6] = [
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("schema", "http://schema.org/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
];
const EUROPE: &str = "http://publications.europa.eu/resource/authority";

/// A statistic of the service.
struct Dataset<'l> {
    /// Its path under `/v1/statistics`.
    path: String,
    /// Its title.
    title: Title<'l>,
    /// The formats that it comes in.
    offer: Offer,
}

/// The title of a statistic.
enum Title<'l> {
    /// A message.
    Message(&'static str),
    /// A text of the layout.
    Written(&'l Labels),
}

impl Title<'_> {
    fn text(&self, writing: Writing) -> String {
        match self {
            Title::Message(id) => writing.text(id),
            Title::Written(labels) => labels.get(writing.lang).to_owned(),
        }
    }
}

/// The statistics that are no table of a layout, and the titles of those tables that have paths of their own.
const DATASETS: [(&str, &str, Offer); 6] = [
    ("counts", "dataset-counts", counts::OFFER),
    ("backlog", "dataset-backlog", backlog::OFFER),
    ("durations", "dataset-durations", durations::OFFER),
    ("activities", "dataset-activities", activities::OFFER),
    ("website", "dataset-website", year_figures::OFFER),
    ("staffing", "dataset-staffing", staffing::OFFER),
];
const TITLES: [(&str, &str); 3] =
    [("services", "dataset-services"), ("channels", "dataset-channels"), ("media-requests", "dataset-media-requests")];

/// All statistics: the tables of the layout first, which are all that everybody sees.
fn datasets(layout: &Layout, is_public: bool) -> Vec<Dataset<'_>> {
    let of_table = |table: &'_ TableLayout| TITLES.iter().find(|(name, _)| *name == table.name);
    let table = layout.tables().map(|table| match of_table(table) {
        Some((_, title)) => (path_of(table), Title::Message(title)),
        None => (path_of(table), Title::Written(layout.title_of(table))),
    });
    let table = table.map(|(path, title)| Dataset { path, title, offer: tables::OFFER });
    let others = DATASETS.iter().filter(|_| !is_public).map(|(name, title, offer)| Dataset {
        path: (*name).to_owned(),
        title: Title::Message(title),
        offer: *offer,
    });
    table.chain(others).collect()
}

/// The catalogue.
pub fn endpoint() -> Endpoint {
    let graph = Content::of(JSON_LD.media_type, &JsonLdGraph::empty());
    Endpoint::get("/v1/statistics/catalog", catalog)
        .named("get_statistics_catalog", "statistics", "Read the catalogue of the statistics")
        .described(
            "Every dataset of the statistics and every format that it comes in, as DCAT-AP CH for data portals such as \
             opendata.swiss: JSON-LD or Turtle. The addresses begin with the host that was asked, and name the years that there \
             are. Where the statistics are public no token is needed, and the catalogue has the tables that everybody may read.",
        )
        .scope(Scope::StatisticsRead)
        .public_statistics()
        .headers(&["IfNoneMatch"])
        .query(vec![format_parameter(&FORMATS, "turtle"), layout_parameter()])
        .answers(200, "The catalogue", &["ETag"], contents(&FORMATS, Some(&graph), &[]))
        .answers(304, "Unchanged", &["ETag"], vec![])
}

/// A graph in JSON-LD.
#[derive(Serialize, ToSchema)]
struct JsonLdGraph {
    /// The prefixes.
    #[serde(rename = "@context")]
    #[schema(value_type = Object, required = false)]
    context: BTreeMap<&'static str, &'static str>,
    /// The nodes.
    #[serde(rename = "@graph")]
    #[schema(value_type = Vec<Object>)]
    graph: Vec<Map<String, Value>>,
}

impl JsonLdGraph {
    /// A graph without nodes.
    fn empty() -> Self {
        JsonLdGraph { context: BTreeMap::from([PREFIXES[0]]), graph: Vec::new() }
    }
}

/// Statements about things that have an address, with their texts in the authority's languages.
struct Graph<'a> {
    statements: Vec<Triple>,
    authority: &'a Authority,
}

impl Graph<'_> {
    fn say(&mut self, of: &NamedNode, property: &str, value: impl Into<Term>) -> Result<()> {
        let property = node(&full(property))?;
        self.statements.push(Triple::new(NamedOrBlankNode::from(of.clone()), property, value));
        Ok(())
    }

    fn is_a(&mut self, of: &NamedNode, class: &str) -> Result<()> {
        self.statements.push(Triple::new(NamedOrBlankNode::from(of.clone()), rdf::TYPE, node(&full(class))?));
        Ok(())
    }

    fn link(&mut self, of: &NamedNode, property: &str, to: &str) -> Result<()> {
        self.say(of, property, node(to)?)
    }

    /// A text in every language.
    fn text(&mut self, of: &NamedNode, property: &str, text: impl Fn(Lang) -> String) -> Result<()> {
        for &lang in &self.authority.languages {
            let value = Literal::new_language_tagged_literal_unchecked(text(lang), lang.code());
            self.say(of, property, value)?;
        }
        Ok(())
    }

    fn turtle(&self) -> Result<Vec<u8>> {
        let mut serializer = TurtleSerializer::new();
        for (prefix, iri) in PREFIXES {
            serializer = serializer.with_prefix(prefix, iri).map_err(illegal)?;
        }
        let mut writer = serializer.for_writer(Vec::new());
        for triple in &self.statements {
            writer.serialize_triple(triple).map_err(unwritten)?;
        }
        writer.finish().map_err(unwritten)
    }

    fn json_ld(&self) -> Result<Vec<u8>> {
        let mut serializer = JsonLdSerializer::new();
        for (prefix, iri) in PREFIXES {
            serializer = serializer.with_prefix(prefix, iri).map_err(illegal)?;
        }
        let mut writer = serializer.for_writer(Vec::new());
        for triple in &self.statements {
            writer.serialize_quad(&triple.clone().in_graph(GraphName::DefaultGraph)).map_err(unwritten)?;
        }
        writer.finish().map_err(unwritten)
    }
}

fn unwritten(error: std::io::Error) -> Error {
    Error::Internal(format!("cannot write the catalogue: {error}"))
}

fn illegal(error: IriParseError) -> Error {
    Error::Internal(format!("an address in the catalogue is illegal: {error}"))
}

fn node(iri: &str) -> Result<NamedNode> {
    NamedNode::new(iri).map_err(illegal)
}

/// A prefixed name in full.
fn full(name: &str) -> String {
    let (prefix, rest) = name.split_once(':').unwrap_or(("", name));
    let iri = PREFIXES.iter().find(|(known, _)| *known == prefix).map_or("", |(_, iri)| *iri);
    format!("{iri}{rest}")
}

/// The European file type of a format: the ending of its files, so that JSON-stat is JSON.
fn file_type(format: &FileFormat) -> String {
    format.extension.to_uppercase()
}

/// The extent of a catalogue.
struct Extent {
    /// The years that there are figures of.
    years: Option<RangeInclusive<i32>>,
    /// True if it is everybody's.
    is_public: bool,
}

impl Extent {
    /// The query that asks a statistic for all years that there are.
    fn query(&self, dataset: &Dataset) -> String {
        let Some(years) = &self.years else { return String::new() };
        match dataset.path.as_str() {
            "durations" => format!("year={}&", years.end()),
            _ => format!("from={}&to={}&", years.start(), years.end()),
        }
    }
}

fn describe<'a>(base: &str, layout: &Layout, authority: &'a Authority, extent: &Extent) -> Result<Graph<'a>> {
    let mut graph = Graph { statements: Vec::new(), authority };
    let catalog = node(&format!("{base}/v1/statistics/catalog"))?;
    graph.is_a(&catalog, "dcat:Catalog")?;
    for property in ["dct:title", "dct:description"] {
        graph.text(&catalog, property, |lang| layout.title.get(lang).to_owned())?;
    }
    let publisher = node(&format!("{base}/v1/statistics/catalog#publisher"))?;
    let contact = node(&format!("{base}/v1/statistics/catalog#contact"))?;
    graph.say(&catalog, "dct:publisher", publisher.clone())?;
    graph.is_a(&publisher, "foaf:Organization")?;
    let name = layout.publisher.as_ref().map_or(&authority.name, |publisher| &publisher.name);
    graph.text(&publisher, "foaf:name", |lang| name.get(lang).to_owned())?;
    let email = layout.publisher.as_ref().map(|publisher| &publisher.email).or(authority.email.as_ref());
    if let Some(email) = email {
        graph.is_a(&contact, "vcard:Organization")?;
        graph.text(&contact, "vcard:fn", |lang| name.get(lang).to_owned())?;
        graph.link(&contact, "vcard:hasEmail", &format!("mailto:{email}"))?;
    }
    for dataset in datasets(layout, extent.is_public) {
        let own = node(&format!("{base}/v1/statistics/{}", dataset.path))?;
        graph.say(&catalog, "dcat:dataset", own.clone())?;
        graph.say(&own, "dct:publisher", publisher.clone())?;
        if email.is_some() {
            graph.say(&own, "dcat:contactPoint", contact.clone())?;
        }
        of_dataset(&mut graph, &own, (&dataset, &extent.query(&dataset)), layout)?;
    }
    Ok(graph)
}

fn of_dataset(
    graph: &mut Graph,
    own: &NamedNode,
    (dataset, years): (&Dataset<'_>, &str),
    layout: &Layout,
) -> Result<()> {
    graph.is_a(own, "dcat:Dataset")?;
    let identifier = format!("{}@{}", dataset.path.trim_start_matches("tables/"), layout.name);
    graph.say(own, "dct:identifier", Literal::new_simple_literal(identifier))?;
    let authority = graph.authority;
    let title = |lang: Lang| dataset.title.text(authority.writing(lang));
    graph.text(own, "dct:title", title)?;
    graph.text(own, "dct:description", |lang| format!("{}. {}.", title(lang), layout.title.get(lang)))?;
    graph.link(own, "dcat:theme", &format!("{EUROPE}/data-theme/GOVE"))?;
    graph.link(own, "dct:accrualPeriodicity", &format!("{EUROPE}/frequency/CONT"))?;
    for lang in &authority.languages {
        graph.link(own, "dct:language", &format!("{EUROPE}/language/{}", lang.alpha3()))?;
    }
    for format in dataset.offer.formats() {
        let name = format.name;
        let file = node(&format!("{}#{name}", own.as_str()))?;
        graph.say(own, "dcat:distribution", file.clone())?;
        graph.is_a(&file, "dcat:Distribution")?;
        graph.text(&file, "dct:title", |lang| format!("{} ({name})", title(lang)))?;
        let address = format!("{}?{years}format={name}", own.as_str());
        graph.link(&file, "dcat:accessURL", &address)?;
        graph.link(&file, "dcat:downloadURL", &address)?;
        graph.link(&file, "dct:format", &format!("{EUROPE}/file-type/{}", file_type(format)))?;
        let media_type = format!("https://www.iana.org/assignments/media-types/{}", format.media_type);
        graph.link(&file, "dcat:mediaType", &media_type)?;
        if let Some(publisher) = &layout.publisher {
            graph.link(&file, "dct:license", &publisher.license)?;
        }
    }
    Ok(())
}

async fn catalog(app: Data<App>, caller: Option<Caller>, request: HttpRequest) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let format = read_format(&request, &mut query, &FORMATS)?;
    let layout = read_catalogue_layout(&app, caller.is_some(), &mut query);
    query.finish()?;
    let layout = layout.ok_or_else(|| Error::Internal("no layout".into()))?;
    let base = address(&app.config, &request);
    if NamedNode::new(&base).is_err() {
        return Err(Error::Malformed("the host that was asked has no legal name".into()));
    }
    let (state, name, today, is_public) = (app.clone(), layout.name.clone(), app.clock.today(), caller.is_none());
    let read = move |db: &mut Db| {
        let layout = state.profile.layouts.get(Some(&name)).ok_or_else(|| Error::Internal("no layout".into()))?;
        match state.public.as_ref().filter(|_| is_public) {
            Some(suppression) => available::public_years(db, suppression, layout, today),
            None => available::years(db, layout, today),
        }
    };
    let extent = Extent { years: app.database.read(read).await?, is_public };
    let graph = describe(&base, layout, &app.profile.authority, &extent)?;
    let body = if format.name == TURTLE.name { graph.turtle()? } else { graph.json_ld()? };
    Ok(file_answer(&request, format, body))
}
