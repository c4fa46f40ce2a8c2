//! Asks CMI: each question until it is answered whole, or given up after several attempts.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Map, Value};

use super::login::{Login, LoginFailure};
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::outgoing::{self, Trust};
use crate::text;
use crate::text::percent_encoded;

/// The largest answer, in bytes.
const LARGEST: u64 = 64 << 20;

/// The longest pause that CMI may ask for.
const LONGEST: Duration = Duration::from_secs(300);

/// More pages than these are not looked at.
const PAGES: u32 = 100_000;

/// The reason why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Silence {
    /// The login is refused: nothing else would be answered either.
    Refused(u16),
    /// There is no such thing (any more).
    Missing,
    /// It failed every time, the last time like this.
    GivenUp(String),
}

impl From<Silence> for Error {
    fn from(silence: Silence) -> Self {
        Error::Unavailable(match silence {
            Silence::Refused(status) => format!("CMI refuses the login ({status}): check the credentials"),
            Silence::Missing => "CMI does not know the address (404): check base and query".into(),
            Silence::GivenUp(why) => format!("CMI does not answer: {why}"),
        })
    }
}

/// A matter that the search found, and its version where it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The matter's id as CMI spells it.
    pub guid: String,
    /// The form of the id by which it is compared.
    pub key: String,
    /// Its version.
    pub version: Option<i64>,
}

impl Hit {
    /// A matter of that id.
    pub fn new(guid: &str, version: Option<i64>) -> Hit {
        let guid = guid.trim();
        Hit { guid: guid.to_owned(), key: text::id_key(guid), version }
    }
}

/// An answer of the search: what it names, and what it says of the rest.
#[derive(Debug, PartialEq, Eq)]
struct SearchPage {
    hits: Vec<Hit>,
    /// The number of matters in all.
    total: Option<u64>,
    /// True if there are more matters.
    more: bool,
}

/// The way to CMI.
pub struct CmiClient<'a> {
    settings: &'a Settings,
    agent: ureq::Agent,
    login: Login,
    /// True while a question is asked again with a new token.
    is_renewed: bool,
}

/// The failure of an attempt, with the wait before the next one where that is known.
struct Failure {
    why: String,
    wait: Option<Duration>,
}

impl<'a> CmiClient<'a> {
    /// Reads the credentials.
    pub fn new(settings: &'a Settings, trust: &Trust) -> Result<Self> {
        let agent = trust.agent().timeout_global(Some(settings.timeout)).build().new_agent();
        Ok(CmiClient { settings, agent, login: settings.login.read()?, is_renewed: false })
    }

    /// Everything that a query finds, each matter once. A search in pages ends with a page that brings nothing new. Fails
    /// when the search itself says that there are more: what is cut is not taken for the whole.
    pub fn search(&mut self, query: &str) -> Result<Vec<Hit>> {
        let mut found: Vec<Hit> = Vec::new();
        let (mut known, mut named) = (HashSet::new(), HashSet::new());
        let (mut total, mut more) = (None, false);
        let address = format!("Geschaeft/Search/{}", percent_encoded(query));
        for page in 1..=PAGES {
            let path = match &self.settings.page_parameter {
                Some(name) => format!("{address}?{}={page}", percent_encoded(name)),
                None => address.clone(),
            };
            let before = named.len();
            let piece = self.ask(&path, piece)?;
            total = total.max(piece.total);
            for hit in piece.hits {
                named.insert(hit.guid.clone());
                if known.insert(hit.key.clone()) {
                    found.push(hit);
                }
            }
            if self.settings.page_parameter.is_none() {
                more = piece.more;
                break;
            }
            if named.len() == before {
                break;
            }
        }
        match total.filter(|total| (named.len() as u64) < *total) {
            Some(total) => Err(cut(&format!("{total} matters and names {}", named.len()))),
            None if more => Err(cut(&format!("more matters than the {} that it names", named.len()))),
            None => Ok(found),
        }
    }

    /// A matter, whole.
    pub fn matter(&mut self, guid: &str) -> std::result::Result<Map<String, Value>, Silence> {
        self.ask(&format!("Geschaeft/{}", percent_encoded(guid)), |answer| {
            let Value::Object(map) = answer else { return Err("it is no JSON object".into()) };
            let is_it =
                map.get("Guid").and_then(Value::as_str).is_some_and(|id| text::id_key(id.trim()) == text::id_key(guid));
            if is_it { Ok(map) } else { Err("it is another matter, or half of one".into()) }
        })
    }

    fn ask<T>(
        &mut self,
        path: &str,
        read: impl Fn(Value) -> std::result::Result<T, String>,
    ) -> std::result::Result<T, Silence> {
        let url = format!("{}/{path}", self.settings.base.trim_end_matches('/'));
        let mut pause = self.settings.pause;
        let mut last = String::new();
        for attempt in 1..=self.settings.attempts {
            match self.attempt(&url).map(|answer| answer.map(&read)) {
                Ok(Ok(Ok(answer))) => return Ok(answer),
                Ok(Ok(Err(why))) => last = format!("the answer cannot be read: {why}"),
                Ok(Err(silence)) => return Err(silence),
                Err(Failure { why, wait }) => {
                    last = why;
                    pause = wait.unwrap_or(pause).min(LONGEST);
                }
            }
            if attempt < self.settings.attempts {
                std::thread::sleep(pause);
                pause = (pause * 2).min(LONGEST);
            }
        }
        Err(Silence::GivenUp(last))
    }

    /// Asks once; once more where the token held is not taken any more.
    fn attempt(&mut self, url: &str) -> std::result::Result<std::result::Result<Value, Silence>, Failure> {
        let failed = |error: ureq::Error| Failure { why: outgoing::reason(&error).into(), wait: None };
        let login = match self.login.header(&self.agent) {
            Ok(login) => login,
            Err(LoginFailure::Refused(silence)) => return Ok(Err(silence)),
            Err(LoginFailure::Passing(why)) => return Err(Failure { why, wait: None }),
        };
        let mut request = self.agent.get(url).header("Accept", "application/json");
        if let Some(login) = login {
            request = request.header("Authorization", login);
        }
        let mut answer = request.call().map_err(failed)?;
        match answer.status().as_u16() {
            200 => {}
            401 if !self.is_renewed && self.login.forget() => {
                self.is_renewed = true;
                let again = self.attempt(url);
                self.is_renewed = false;
                return again;
            }
            status @ (401 | 403) => return Ok(Err(Silence::Refused(status))),
            404 | 410 => return Ok(Err(Silence::Missing)),
            status => {
                let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
                return Err(Failure { why: format!("it answers {status}"), wait: wait.map(Duration::from_secs) });
            }
        }
        let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(failed)?;
        serde_json::from_slice(&body)
            .map(Ok)
            .map_err(|_| Failure { why: "the answer is no JSON, or half of it".into(), wait: None })
    }
}

fn cut(why: &str) -> Error {
    Error::Unavailable(format!(
        "the search of CMI says that there are {why}: say by page_parameter how it is asked for its pages. Nothing was \
         kept, and the next run looks from the same day on"
    ))
}

/// Reads what an answer says beside its list: the number of matters in all, and if there are more.
fn beside(map: &Map<String, Value>) -> (Option<u64>, bool) {
    let (mut total, mut more) = (None, false);
    for (name, value) in map {
        let name = name.to_ascii_lowercase();
        let says = |part: &str| name.contains(part);
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        match number.filter(|_| !says("page") && !says("limit") && !says("size")) {
            Some(number) if says("total") || name.ends_with("count") => total = total.max(Some(number)),
            _ => {}
        }
        let is_given = value == &Value::Bool(true) || value.as_str().is_some_and(|text| !text.trim().is_empty());
        more |= is_given && (says("more") || says("next") || says("truncated"));
    }
    (total, more)
}

/// The matters in the answer of a search: a list, or an object with one list in it.
fn piece(answer: Value) -> std::result::Result<SearchPage, String> {
    let mut said = (None, false);
    let list = match answer {
        Value::Array(list) => list,
        Value::Object(map) => {
            said = beside(&map);
            let mut lists = map.into_iter().filter_map(|(_, value)| match value {
                Value::Array(list) => Some(list),
                _ => None,
            });
            match (lists.next(), lists.next()) {
                (Some(list), None) => list,
                _ => return Err("it has not exactly one list".into()),
            }
        }
        _ => return Err("it is no list".into()),
    };
    let hit = |value: &Value| {
        let guid = value["Guid"].as_str().or(value.as_str()).filter(|guid| !guid.trim().is_empty());
        let version = value["Version"].as_i64().or_else(|| value["Version"].as_str()?.parse().ok());
        Some(Hit::new(guid?, version))
    };
    let hits = list.iter().map(|value| hit(value).ok_or_else(|| "a matter without a Guid".to_owned()));
    Ok(SearchPage { hits: hits.collect::<std::result::Result<_, _>>()?, total: said.0, more: said.1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_lists_of_several_kinds() {
        let hits = |answer: Value| piece(answer).map(|piece| piece.hits);
        let one = vec![Hit::new("a", Some(3))];
        assert_eq!(hits(json!([{"Guid": "a", "Version": 3}])), Ok(one.clone()));
        assert_eq!(hits(json!({"Total": 1, "Items": [{"Guid": "a", "Version": "3", "Titel": "x"}]})), Ok(one));
        assert_eq!(hits(json!(["a"])), Ok(vec![Hit::new("a", None)]));
        assert!(hits(json!({"a": [], "b": []})).is_err() && hits(json!([{"Version": 3}])).is_err());
    }

    #[test]
    fn hears_what_a_search_says_of_the_rest() {
        let said = |answer: Value| beside(answer.as_object().unwrap());
        assert_eq!(said(json!({"TotalCount": 20, "PageSize": 10, "Results": []})), (Some(20), false));
        assert_eq!(said(json!({"@odata.count": "20", "PageCount": 30, "TotalPages": 40})), (Some(20), false));
        assert_eq!(said(json!({"HasMore": true})), (None, true));
        assert_eq!(said(json!({"@odata.nextLink": "https://cmi.example/2", "Next": null})), (None, true));
        assert_eq!(said(json!({"HasMore": false, "Next": "", "Took": 20})), (None, false));
    }
}
