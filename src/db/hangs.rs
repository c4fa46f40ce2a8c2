//! Threads that hang in a statement are replaced. A server that is stopped, or whose storage stalls, keeps its connections
//! and says nothing: who waits for it waits without end. Another thread with a connection of its own takes over then, be it
//! at the same server when that goes on, or at the one that was made the primary meanwhile.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::deadline::StatementClock;
use crate::error::{Error, Result};

/// Time beyond the limit of statements after which nobody believes any more that one comes back.
const BELIEF: Duration = Duration::from_secs(3);

/// The interval at which the threads are looked at.
const ROUND: Duration = Duration::from_millis(500);

/// The most threads of a pool that hang at a time: beyond these it waits for the server to come back.
const MOST_HANGING: usize = 32;

/// The post of one thread.
#[derive(Default)]
pub(super) struct Post {
    /// The clock of the connection that the thread has.
    pub(super) clock: StatementClock,
    is_relieved: AtomicBool,
}

impl Post {
    /// True if another thread has taken over: this one ends when it comes back.
    pub(super) fn is_relieved(&self) -> bool {
        self.is_relieved.load(Ordering::Acquire)
    }
}

/// Starts a thread at a post.
type StartThread = dyn Fn(Arc<Post>) -> std::io::Result<()> + Send + Sync;

/// The threads of a pool.
pub(super) struct Posts {
    limit: Duration,
    wanted: u32,
    working: Mutex<Vec<Arc<Post>>>,
    hanging: Mutex<Vec<Weak<Post>>>,
    seen: HangCount,
    start: Box<StartThread>,
}

/// The number of hangs that have been seen at a database, and of connections of its writer that were made anew: who has a
/// connection from before does not try whether it hangs too, or leads to where nothing is written any more.
pub(super) type HangCount = Arc<AtomicU32>;

impl Posts {
    /// Starts so many threads, and looks after them for as long as the posts are held. `limit` is the longest time that a
    /// statement takes, `seen` counts the hangs that are seen.
    pub(super) fn fill(
        number: u32,
        limit: Duration,
        seen: &HangCount,
        start: impl Fn(Arc<Post>) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Result<Arc<Posts>> {
        let (working, hanging) = (Mutex::default(), Mutex::default());
        let posts = Arc::new(Posts {
            limit: limit + BELIEF,
            wanted: number,
            working,
            hanging,
            seen: seen.clone(),
            start: Box::new(start),
        });
        let failed = |error| Error::Configuration(format!("cannot start a thread of the database: {error}"));
        (0..number).try_for_each(|_| posts.fill_one().map_err(failed))?;
        let watched = Arc::downgrade(&posts);
        let watching = std::thread::Builder::new().name("database watch".into()).spawn(move || watch(&watched));
        watching.map(|_| posts).map_err(failed)
    }

    fn fill_one(&self) -> std::io::Result<()> {
        let post = Arc::new(Post::default());
        (self.start)(post.clone())?;
        self.working.lock().unwrap_or_else(PoisonError::into_inner).push(post);
        Ok(())
    }

    /// Replaces the threads whose statements do not come back.
    fn relieve(&self) {
        let mut hanging = self.hanging.lock().unwrap_or_else(PoisonError::into_inner);
        hanging.retain(|post| post.strong_count() > 0);
        let hangs = |post: &Arc<Post>| post.clock.running() > self.limit;
        let found: Vec<Arc<Post>> = {
            let mut working = self.working.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MOST_HANGING.saturating_sub(hanging.len());
            let found: Vec<Arc<Post>> = working.iter().filter(|post| hangs(post)).take(room).cloned().collect();
            working.retain(|post| !found.iter().any(|other| Arc::ptr_eq(post, other)));
            found
        };
        if !found.is_empty() {
            self.seen.fetch_add(1, Ordering::Release);
        }
        for post in found {
            post.is_relieved.store(true, Ordering::Release);
            hanging.push(Arc::downgrade(&post));
            log::warn!("the database has not answered for {} s: another connection takes over", self.limit.as_secs());
        }
        // One that cannot be replaced now is replaced in a later round.
        let working = self.working.lock().unwrap_or_else(PoisonError::into_inner).len();
        for _ in working..self.wanted as usize {
            if let Err(error) = self.fill_one() {
                log::error!("a thread of the database cannot be replaced: {error}");
            }
        }
    }
}

/// Looks after the threads until nobody holds the posts any more.
fn watch(posts: &Weak<Posts>) {
    loop {
        std::thread::sleep(ROUND);
        match posts.upgrade() {
            Some(posts) => posts.relieve(),
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// The first thread hangs; the one that takes over does not.
    #[test]
    fn a_thread_that_hangs_is_replaced() {
        let (started, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (of_start, of_end) = (started.clone(), ended.clone());
        let posts = Posts::fill(1, Duration::ZERO, &HangCount::default(), move |post| {
            let (number, ended) = (of_start.fetch_add(1, Ordering::SeqCst), of_end.clone());
            let work = move || {
                if number == 0 {
                    post.clock.begin();
                    while !post.is_relieved() {
                        std::thread::sleep(Duration::from_millis(10));
                    }
                    ended.fetch_add(1, Ordering::SeqCst);
                }
            };
            std::thread::Builder::new().spawn(work).map(|_| ())
        })
        .unwrap();
        let begun = Instant::now();
        while ended.load(Ordering::SeqCst) == 0 && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!((started.load(Ordering::SeqCst), ended.load(Ordering::SeqCst)), (2, 1));
        assert_eq!(posts.working.lock().unwrap().len(), 1);
    }
}
