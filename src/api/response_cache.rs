//! Answers that are made once: figures that follow from the database, the question, the day and what the caller may
//! see, and from nothing else.
//!
//! Every write stands in the audit trail. So an answer holds as long as the trail has no further entry: that is one
//! lookup, on every instance and on a replica too. No answer is older than the database was when the question came.
//! Several who ask the same at once get one answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, ETAG, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::App;
use super::http::is_known;
use crate::audit::trail;
use crate::auth::Caller;
use crate::error::Error;

/// The most bytes of answers that are kept, and of one.
const ALL: usize = 4 << 20;
const ONE: usize = 1 << 20;

/// Answers by question.
#[derive(Default)]
pub struct ResponseCache(Mutex<CacheState>);

/// The right to make the answer to a question, which one has after the other; true when who had it last made none.
type CacheTurn = Arc<tokio::sync::Mutex<bool>>;

#[derive(Default)]
struct CacheState {
    answers: HashMap<String, CachedResponse>,
    /// The turns for the answers that are being made, by question.
    turns: HashMap<String, CacheTurn>,
    bytes: usize,
    turn: u64,
}

#[derive(Clone)]
struct CachedResponse {
    /// The hash of the audit trail before it was made, which covers all that was written until then.
    hash: String,
    /// Before that hash was read.
    begun: Instant,
    headers: HeaderMap,
    /// The body of the answer; none when the answer was made only for a client that had it already.
    body: Option<Bytes>,
    /// The turn at which it was asked for last.
    turn: u64,
}

impl CachedResponse {
    fn size(&self) -> usize {
        self.body.as_ref().map_or(0, Bytes::len)
    }
}

impl ResponseCache {
    fn held(&self) -> MutexGuard<'_, CacheState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, question: &str, holds: impl Fn(&CachedResponse) -> bool) -> Option<CachedResponse> {
        let mut held = self.held();
        held.turn += 1;
        let turn = held.turn;
        let answer = held.answers.get_mut(question).filter(|answer| holds(answer))?;
        answer.turn = turn;
        Some(answer.clone())
    }

    /// Adds one to those who want to make the answer to a question.
    fn maker(&self, question: &str) -> Computation<'_> {
        let turn = self.held().turns.entry(question.to_owned()).or_default().clone();
        Computation { answers: self, question: question.to_owned(), turn }
    }

    /// Keeps an answer, in the place of those that were not asked for the longest time.
    fn keep(&self, question: String, mut answer: CachedResponse) {
        let size = |question: &String, answer: &CachedResponse| question.len() + answer.size();
        let added = size(&question, &answer);
        if added > ONE {
            return;
        }
        let mut held = self.held();
        held.turn += 1;
        answer.turn = held.turn;
        if let Some(former) = held.answers.remove(&question) {
            held.bytes -= size(&question, &former);
        }
        while held.bytes + added > ALL {
            let oldest =
                held.answers.iter().min_by_key(|(_, answer)| answer.turn).map(|(question, _)| question.clone());
            let Some((oldest, former)) = oldest.and_then(|oldest| held.answers.remove_entry(&oldest)) else { break };
            held.bytes -= size(&oldest, &former);
        }
        held.bytes += added;
        held.answers.insert(question, answer);
    }
}

/// One of those who want to make the answer to a question.
struct Computation<'a> {
    answers: &'a ResponseCache,
    question: String,
    turn: CacheTurn,
}

impl Drop for Computation<'_> {
    fn drop(&mut self) {
        let mut held = self.answers.held();
        // The table has one, and this is the other.
        if Arc::strong_count(&self.turn) <= 2 {
            held.turns.remove(&self.question);
        }
    }
}

/// Returns, as text, all that an answer depends on besides the database.
fn question(app: &App, request: &HttpRequest, caller: Option<&Caller>) -> String {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let rights = caller.map(Caller::rights).unwrap_or_default();
    [
        request.uri().path(),
        request.query_string(),
        header(ACCEPT),
        header(ACCEPT_LANGUAGE),
        &rights,
        &app.clock.today().to_string(),
    ]
    .join("\n")
}

/// A question as it was asked: of a database in this state.
struct AskedQuestion {
    text: String,
    /// The hash of the audit trail.
    hash: String,
    /// Before that hash was read.
    begun: Instant,
}

/// Returns the hash of the audit trail as it is now.
async fn head(app: &App) -> Result<String, Error> {
    Ok(app.database.read_inline(trail::head).await?.1)
}

/// Answers a question again if nothing was written since, or has it answered and keeps that.
pub async fn answer(
    app: &App,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if request.method() != Method::GET {
        return next.call(request).await;
    }
    let begun = Instant::now();
    // A database that does not answer is the handler's to tell.
    let Ok(hash) = head(app).await else { return next.call(request).await };
    let caller = request.extensions().get::<Caller>().cloned();
    let text = question(app, request.request(), caller.as_ref());
    if let Some(response) = held(app, request.request(), &text, |answer| answer.hash == hash) {
        return Ok(request.into_response(response));
    }
    answer_in_turn(app, request, next, AskedQuestion { text, hash, begun }).await
}

/// Answers a question when its turn has come, unless another one has made the answer by then.
async fn answer_in_turn(
    app: &App,
    request: ServiceRequest,
    next: Next<BoxBody>,
    mut asked: AskedQuestion,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let maker = app.answers.maker(&asked.text);
    let mut failed = match maker.turn.try_lock() {
        Ok(turn) => turn,
        Err(_) => {
            let failed = maker.turn.lock().await;
            // What was begun after this was asked is no older than what would be made now, whatever was written since.
            let holds = |answer: &CachedResponse| answer.hash == asked.hash || answer.begun >= asked.begun;
            if let Some(response) = held(app, request.request(), &asked.text, holds) {
                return Ok(request.into_response(response));
            }
            // When the database hangs, those who waited for their turn must not wait for it once more.
            if *failed && asked.begun.elapsed() > app.config.connections.pool_timeout / 2 {
                return Err(Error::Unavailable("an answer could not be made in time".into()).into());
            }
            asked.begun = Instant::now();
            let Ok(now) = head(app).await else { return next.call(request).await };
            asked.hash = now;
            failed
        }
    };
    *failed = true;
    let response = next.call(request).await?;
    let answered = [StatusCode::OK, StatusCode::NOT_MODIFIED].contains(&response.status());
    if !answered || !response.headers().contains_key(ETAG) {
        return Ok(response);
    }
    let response = keep(app, response, asked).await?;
    *failed = false;
    Ok(response)
}

/// Keeps the answer to a question, and returns it.
async fn keep(
    app: &App,
    response: ServiceResponse<BoxBody>,
    AskedQuestion { text, hash, begun }: AskedQuestion,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(actix_web::error::ErrorInternalServerError)?;
    let said = (response.status() == StatusCode::OK).then(|| body.clone());
    let answer = CachedResponse { hash, begun, headers: response.headers().clone(), body: said, turn: 0 };
    app.answers.keep(text, answer);
    Ok(ServiceResponse::new(request, response.set_body(body.boxed())))
}

/// The answer to a question that is held, if it holds still.
fn held(
    app: &App,
    request: &HttpRequest,
    question: &str,
    holds: impl Fn(&CachedResponse) -> bool,
) -> Option<HttpResponse> {
    app.answers.find(question, holds).and_then(|answer| again(request, answer))
}

/// The same answer once more; without its body to who has it already. None when the body is needed and is not there.
fn again(request: &HttpRequest, answer: CachedResponse) -> Option<HttpResponse> {
    let tag = answer.headers.get(ETAG).cloned();
    let known = tag.as_ref().and_then(|tag| tag.to_str().ok()).is_some_and(|tag| is_known(request, tag));
    let mut response = match known {
        true => HttpResponse::NotModified().finish(),
        false => HttpResponse::Ok().body(answer.body?),
    };
    // RFC 9110, section 15.4.5: what a cache must learn also of what it has.
    for (name, value) in answer.headers.into_iter().filter(|(name, _)| !known || [ETAG, CACHE_CONTROL].contains(name)) {
        response.headers_mut().insert(name, value);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(hash: &str, bytes: usize) -> CachedResponse {
        let body = Some(Bytes::from(vec![b'x'; bytes]));
        CachedResponse { hash: hash.into(), begun: Instant::now(), headers: HeaderMap::new(), body, turn: 0 }
    }

    #[test]
    fn an_answer_holds_until_the_trail_goes_on() {
        let answers = ResponseCache::default();
        answers.keep("a".into(), answer("7", 10));
        assert!(answers.find("a", |answer| answer.hash == "7").is_some());
        assert!(answers.find("a", |answer| answer.hash == "8").is_none());
        assert!(answers.find("b", |_| true).is_none());
    }

    #[test]
    fn who_asks_the_same_takes_turns_and_leaves_nothing_behind() {
        let answers = ResponseCache::default();
        let (first, second, other) = (answers.maker("a"), answers.maker("a"), answers.maker("b"));
        let turn = first.turn.try_lock().unwrap();
        assert!(second.turn.try_lock().is_err() && other.turn.try_lock().is_ok());
        drop(turn);
        assert!(second.turn.try_lock().is_ok());
        drop((first, second));
        assert_eq!(answers.held().turns.keys().collect::<Vec<_>>(), ["b"]);
        drop(other);
        assert!(answers.held().turns.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let answers = ResponseCache::default();
        answers.keep("too large".into(), answer("1", ONE));
        assert!(answers.find("too large", |_| true).is_none());
        for number in 0..100 {
            answers.keep(number.to_string(), answer("1", ONE / 2));
            answers.keep("same".into(), answer("1", 10));
            assert!(answers.find("0", |_| true).is_some(), "{number}");
            let held = answers.held();
            let sum: usize = held.answers.iter().map(|(question, answer)| question.len() + answer.size()).sum();
            assert_eq!(held.bytes, sum);
            assert!(sum <= ALL);
        }
        assert!(answers.find("99", |_| true).is_some() && answers.find("50", |_| true).is_none());
    }
}
