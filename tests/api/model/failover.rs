//! The failure of a primary in the middle of the model's work: its standby takes its place, and the service goes on there.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Outcome, Said, World, agree};
use crate::support::Cluster;

/// The longest time for which nothing may be kept after a standby was promoted.
const LIMIT: Duration = Duration::from_secs(20);

/// The way in which a primary fails.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    /// It is killed, and its standby has all that was acknowledged.
    Killed,
    /// The same, but it is there and says nothing.
    Hanging,
    /// It is killed after it has kept what its standby never heard of.
    KilledWithLoss,
}

/// Each of them, in any order.
pub fn failures() -> impl Strategy<Value = [Failure; 3]> {
    let all = vec![Failure::Killed, Failure::Hanging, Failure::KilledWithLoss];
    Just(all).prop_shuffle().prop_map(|all| [all[0], all[1], all[2]])
}

/// A primary, and the standby that acknowledges what it keeps.
pub struct Pair {
    primary: Cluster,
    standby: Cluster,
    database: String,
}

impl Pair {
    pub fn start() -> Pair {
        let primary = Cluster::start();
        let database = primary.create_database(None).rsplit('/').next().unwrap().to_owned();
        Pair::of(primary, database)
    }

    /// Gives a primary a standby without which it acknowledges nothing.
    fn of(primary: Cluster, database: String) -> Pair {
        let standby = primary.standby();
        primary.let_standby_acknowledge();
        Pair { primary, standby, database }
    }

    pub fn url(&self) -> String {
        self.primary.url_with(&self.standby, &self.database)
    }

    /// Lets the standby hear nothing more, and the primary keep what it has not heard of.
    fn part(&self) {
        self.standby.set("primary_conninfo = ''");
        self.primary.set("synchronous_standby_names = ''");
        self.primary.wait_for_standbys(0, "");
    }
}

impl World {
    /// Lets the primary fail and its standby take its place; then what was acknowledged is there, or the follower of the feed
    /// hears of the loss.
    pub fn fail_over(&mut self, how: Failure, said: Said) -> Outcome {
        let pair = self.pair.take().unwrap();
        let known = self.model.clone();
        let is_lossy = matches!(how, Failure::KilledWithLoss);
        if is_lossy {
            pair.part();
            (0..3).try_for_each(|_| self.create(said, 1))?;
            self.check_feed()?;
        }
        let hanging = match how {
            Failure::Hanging => Some(pair.primary.freeze()),
            Failure::Killed | Failure::KilledWithLoss => {
                pair.primary.kill();
                None
            }
        };
        pair.standby.promote();
        if is_lossy {
            self.model = known;
        }
        self.create_once_it_is_kept(said)?;
        self.wait_for_reads();
        if is_lossy {
            // As many entries again, so that others stand at the places of those that were lost.
            (0..3).try_for_each(|_| self.create(said, 1))?;
            let place = self.read.0.take().unwrap_or_default();
            let answer = self.process().client.get(&format!("/v1/changes?after={place}"));
            prop_assert_eq!(answer.status, 410, "{}", answer.text());
            self.read.1 = 0;
        }
        self.check_all()?;
        drop(hanging);
        self.follow(pair)
    }

    /// Sends the same under one key until it is kept, which it is once.
    fn create_once_it_is_kept(&mut self, said: Said) -> Outcome {
        let content = said.content("nach dem Ausfall");
        let key = format!("failover-{}", self.steps);
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
        let body = content.body().to_string();
        let client = self.process().client.within(LIMIT);
        let begun = Instant::now();
        let answer = loop {
            let answer = client.try_send("POST", "/v1/cases", &headers, Some(body.as_bytes()));
            if let Some(answer) = answer.ok().filter(|answer| answer.status != 503) {
                break answer;
            }
            prop_assert!(begun.elapsed() < LIMIT, "no write is kept after {:?}", begun.elapsed());
            std::thread::sleep(Duration::from_millis(50));
        };
        prop_assert_eq!(answer.status, 201, "{}", answer.text());
        eprintln!("a write is kept {:?} after it was asked for", begun.elapsed());
        let shown = answer.json();
        let at = self.model.create(shown["id"].as_str().unwrap_or_default().to_owned(), content, None);
        agree(&self.model.cases[at], &shown)
    }

    /// Waits until each reader has found the new primary.
    fn wait_for_reads(&self) {
        let (client, begun) = (self.process().client.within(LIMIT), Instant::now());
        while !(0..8).all(|_| client.get("/v1/cases").status == 200) {
            assert!(begun.elapsed() < LIMIT, "reads do not come back");
        }
    }

    /// Goes on with the new primary and a new standby, which the service learns of when it starts anew.
    fn follow(&mut self, Pair { standby, database, .. }: Pair) -> Outcome {
        let pair = Pair::of(standby, database);
        self.url = pair.url();
        self.pair = Some(pair);
        self.restart()
    }
}
