//! Differences between what was published and what is counted now, over HTTP.

use super::published::{PATH, missing};
use crate::api::call::Call;
use crate::api::endpoint::{Content, Endpoint, JSON};
use crate::api::query::Query;
use crate::api::statistics::request::{
    answer, lang_parameter, layout_parameter, read_lang, read_layout_name, read_year,
};
use crate::auth::Scope;
use crate::error::{self, Error, Result};
use crate::json::to_json;
use crate::statistics::bodies::PublicBodies;
use crate::statistics::differences::{Comparison, LineDifference};
use crate::statistics::layout::{Layout, TableLayout};
use crate::statistics::publications::{self};
use crate::statistics::repository;
use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The endpoint of this file.
pub fn endpoint() -> Endpoint {
    Endpoint::get(format!("{PATH}/differences"), differences)
        .named("list_published_differences", "statistics", "Compare what was published")
        .described(
            "What would be counted now where it differs from what was published, and the records that changed \
             since: what they count for now and did not then, or the other way round. The records are shown with \
             the scope `register:read` only. Lines that the layout no longer has, or did not have then, are named \
             in `line`.",
        )
        .scope(Scope::StatisticsRead)
        .headers(&["IfNoneMatch", "AcceptLanguage"])
        .query(vec![layout_parameter(), lang_parameter()])
        .answers(200, "The differences", &["ETag"], vec![Content::json::<Differences>(example())])
        .answers(304, "Unchanged", &["ETag"], vec![])
        .problems(&[&error::NOT_FOUND])
}

fn example() -> Value {
    json!({"year": 2017, "layout": "yearly", "version": 1, "items": [{
        "code": "inquiries.area.it", "label": "Informatik", "published": 31, "live": 32, "difference": 1,
        "records": [{"register": "cases", "id": "01932b6e-1111-7000-8000-000000000001", "number": "2017-0296", "change": 1}]
    }]})
}

/// The lines in which live counting differs from a publication.
#[derive(Serialize, ToSchema)]
struct Differences {
    /// The year.
    year: i32,
    /// The layout.
    layout: String,
    /// The version compared with.
    #[schema(minimum = 1)]
    version: i64,
    /// The lines that differ.
    #[schema(inline)]
    items: Vec<LineDifference>,
}

async fn differences(Call { app, caller, request }: Call, path: Path<String>) -> Result<HttpResponse> {
    let mut query = Query::of(&request);
    let year = read_year(&path, &mut query);
    let lang = read_lang(&request, &mut query);
    let name = read_layout_name(&app, &mut query).await?;
    query.finish()?;
    let (state, stored, today) = (app.clone(), name.clone(), app.clock.today());
    let (version, items) = app
        .database
        .read(move |db| {
            use diesel::connection::Connection;
            db.transaction(|db| {
                let layout = state.profile.layouts.get(Some(&stored));
                let years = year..=year;
                let published = match layout {
                    Some(layout) => publications::latest_of(db, layout, &years)?.remove(&year),
                    None => publications::latest(db, &state.profile.layouts.names_of(&stored), &years)?.remove(&year),
                };
                let published = published.ok_or_else(|| missing(year))?;
                let live = match layout {
                    Some(layout) => {
                        let entered = repository::entered_of_year(db, layout, year, Some(&published))?;
                        repository::live_figures(db, layout, year, today, &entered)?.figures
                    }
                    None => BTreeMap::new(),
                };
                let moved = match caller.has(Scope::RegisterRead) {
                    true => {
                        let mut moved = publications::moved_since(db, &published, layout)?;
                        moved.retain(|record| caller.can_access(&record.register));
                        moved.iter_mut().for_each(|record| record.rename(&state.profile.vocabulary));
                        Some(moved)
                    }
                    false => None,
                };
                let selections = layout.into_iter().flat_map(Layout::tables).flat_map(TableLayout::selections);
                let bodies = PublicBodies::read(db, selections)?;
                let comparison = Comparison { published, live, bodies, moved };
                Ok::<_, Error>((comparison.published.version, comparison.items(layout, lang)))
            })
        })
        .await?;
    Ok(answer(&request, JSON, to_json(&Differences { year, layout: name, version, items })?))
}
