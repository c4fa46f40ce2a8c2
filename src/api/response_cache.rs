//! Answers that are made once: figures that follow from the database, the question, the day and what the caller may
//! see, and from nothing else.
//!
//! Every write stands in the audit trail. So an answer holds as long as the trail has no further entry: that is one
//! lookup, on every instance and on a replica too. No answer is older than the database was when the question came.
//! Several who ask the same at once get one answer.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, ETAG, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use moka::Entry;
use moka::future::Cache;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;

use super::App;
use super::http::is_known;
use crate::audit::trail;
use crate::auth::Caller;
use crate::error::Error;

/// The most bytes of answers that are kept, and of one.
const ALL: u64 = 4 << 20;
const ONE: usize = 1 << 20;

/// Answers by question. Those that were not asked for the longest time make room for others.
pub struct ResponseCache(Cache<String, CachedResponse>);

#[derive(Clone)]
struct CachedResponse {
    /// The hash of the audit trail before it was made, which covers all that was written until then.
    hash: String,
    /// Before that hash was read.
    begun: Instant,
    /// The instant at which it was made.
    made: Instant,
    headers: HeaderMap,
    /// The body of the answer; none when it is too long to be kept, or when the answer was made only for a client that
    /// had it already.
    body: Option<Bytes>,
}

impl Default for ResponseCache {
    fn default() -> Self {
        let size = |question: &String, answer: &CachedResponse| {
            let bytes = question.len() + answer.body.as_ref().map_or(0, Bytes::len);
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let answers = Cache::builder().max_capacity(ALL).weigher(size).eviction_policy(EvictionPolicy::lru());
        ResponseCache(answers.build())
    }
}

impl ResponseCache {
    /// Runs `make` when its turn has come, with the answer that is held by then: for one question no two run at once.
    /// Returns the first of what it returns, and keeps the second. `None` when it did not run to its end.
    async fn in_turn<T>(
        &self,
        question: String,
        make: impl AsyncFnOnce(Option<CachedResponse>) -> (T, Option<CachedResponse>),
    ) -> Option<T> {
        let mut out = None;
        let turn = async |held: Option<Entry<String, CachedResponse>>| {
            let (made, kept) = make(held.map(Entry::into_value)).await;
            out = Some(made);
            kept.map_or(Op::Nop, Op::Put)
        };
        self.0.entry(question).and_compute_with(turn).await;
        // At once, so that the bound holds at any time.
        self.0.run_pending_tasks().await;
        out
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
    let asked = Instant::now();
    // A database that does not answer is the handler's to tell.
    let Ok(hash) = head(app).await else { return next.call(request).await };
    let caller = request.extensions().get::<Caller>().cloned();
    let question = question(app, request.request(), caller.as_ref());
    let held = app.answers.0.get(&question).await.filter(|answer| answer.hash == hash);
    if let Some(response) = held.and_then(|answer| again(request.request(), answer)) {
        return Ok(request.into_response(response));
    }
    let waiting = Instant::now();
    let turn = async |held: Option<CachedResponse>| {
        let (is_made, patience) =
            (held.as_ref().is_some_and(|held| held.made >= asked), app.config.connections.pool_timeout / 2);
        // What was begun after this was asked is no older than what would be made now, whatever was written since.
        let holds = held.filter(|answer| answer.hash == hash || answer.begun >= asked);
        if let Some(response) = holds.and_then(|answer| again(request.request(), answer)) {
            return (Ok(request.into_response(response)), None);
        }
        // When the database hangs, those who waited for their turn must not wait for it once more.
        if !is_made && waiting.elapsed() > patience {
            return (Err(Error::Unavailable("an answer could not be made in time".into()).into()), None);
        }
        make(app, request, next).await
    };
    let turned = app.answers.in_turn(question, turn).await;
    turned.unwrap_or_else(|| Err(Error::Internal("a turn ended without an answer".into()).into()))
}

/// Has a question answered, and returns what is to be kept of that.
async fn make(
    app: &App,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> (Result<ServiceResponse<BoxBody>, actix_web::Error>, Option<CachedResponse>) {
    let begun = Instant::now();
    let hash = head(app).await;
    let response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => return (Err(error), None),
    };
    let answered = [StatusCode::OK, StatusCode::NOT_MODIFIED].contains(&response.status());
    let Some(hash) = hash.ok().filter(|_| answered && response.headers().contains_key(ETAG)) else {
        return (Ok(response), None);
    };
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let body = match to_bytes(body).await {
        Ok(body) => body,
        Err(error) => return (Err(actix_web::error::ErrorInternalServerError(error)), None),
    };
    let said = (response.status() == StatusCode::OK && body.len() < ONE).then(|| body.clone());
    let kept = CachedResponse { hash, begun, made: Instant::now(), headers: response.headers().clone(), body: said };
    (Ok(ServiceResponse::new(request, response.set_body(body.boxed()))), Some(kept))
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
    use std::cell::Cell;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::{join, join3};

    use super::*;

    fn answer(bytes: usize) -> CachedResponse {
        let body = Some(Bytes::from(vec![b'x'; bytes]));
        let now = Instant::now();
        CachedResponse { hash: "7".into(), begun: now, made: now, headers: HeaderMap::new(), body }
    }

    #[actix_web::test]
    async fn who_asks_the_same_takes_turns_and_finds_what_was_made() {
        let (answers, made) = (ResponseCache::default(), Cell::new(0));
        let ask = |question: &str| {
            answers.in_turn(question.to_owned(), async |held| {
                if held.is_some() {
                    return (false, None);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                made.set(made.get() + 1);
                (true, Some(answer(1)))
            })
        };
        assert_eq!(join3(ask("a"), ask("a"), ask("b")).await, (Some(true), Some(false), Some(true)));
        assert_eq!(made.get(), 2);
    }

    #[actix_web::test]
    async fn who_fails_or_goes_away_leaves_the_turn_to_the_next() {
        let answers = ResponseCache::default();
        let endless = answers.in_turn("a".into(), async |_| std::future::pending::<((), _)>().await);
        let impatient = tokio::time::timeout(Duration::from_millis(20), endless);
        let next = answers.in_turn("a".into(), async |held| (held.is_none(), None));
        let (gone, next) = join(impatient, next).await;
        assert!(gone.is_err() && next == Some(true));
        let panicking = answers.in_turn("a".into(), async |_| if true { panic!("as it must") } else { ((), None) });
        let panicking = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(panicking));
        assert!(panicking.await.is_err());
        assert_eq!(answers.in_turn("a".into(), async |held| (held.is_none(), None)).await, Some(true));
    }

    /// A body that counts its bytes as long as it is there.
    struct CountedBody(Vec<u8>, Arc<AtomicUsize>);

    impl AsRef<[u8]> for CountedBody {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for CountedBody {
        fn drop(&mut self) {
            self.1.fetch_sub(self.0.len(), Ordering::Relaxed);
        }
    }

    #[actix_web::test]
    async fn memory_is_bounded_and_what_is_asked_for_stays() {
        let (answers, all) = (ResponseCache::default(), Arc::new(AtomicUsize::new(0)));
        let keep = async |question: &str, bytes| {
            all.fetch_add(bytes, Ordering::Relaxed);
            let body = Bytes::from_owner(CountedBody(vec![b'x'; bytes], all.clone()));
            let kept = CachedResponse { body: Some(body), ..answer(0) };
            answers.in_turn(question.to_owned(), async |_| ((), Some(kept))).await;
        };
        keep("0", 10).await;
        let mut most = 0;
        for number in 1..1000 {
            keep(&number.to_string(), ONE / 2).await;
            keep("same", 10).await;
            assert!(answers.0.get("0").await.is_some(), "{number}");
            assert!(answers.0.weighted_size() <= ALL, "{number}");
            most = most.max(all.load(Ordering::Relaxed));
        }
        assert!(most as u64 <= 2 * ALL, "{most} bytes were there at once");
        assert!(answers.0.get("999").await.is_some() && answers.0.get("50").await.is_none());
    }
}
