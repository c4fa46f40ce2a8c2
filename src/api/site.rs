//! The frame of the pages that people read: the authority and the ways to all pages above, who publishes them and where they
//! are reached below.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::App;
use super::content::JSON;
use super::http::accepted;
use super::problem::{PROBLEM_JSON, Problem};
use super::public_address::prefix;
use crate::messages::Lang;
use crate::reports::html::{document, drawing};

/// HTML.
pub const HTML: &str = "text/html";

/// HTML as it is sent.
pub const HTML_UTF8: &str = "text/html; charset=utf-8";

/// A page has a style of its own, drawings of its own and a form of its own, and nothing else.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The paths of what is made for programs.
const FOR_PROGRAMS: [&str; 6] = ["/v1", "/oauth/", "/health/", "/metrics", "/openapi", "/.well-known/"];

/// The pages that all pages lead to, with the messages of their names; the first one is the start page.
fn pages(app: &App) -> Vec<(&'static str, &'static str)> {
    let all = [
        ("/", "site-start"),
        ("/statistics", "site-statistics"),
        ("/data-collections", "collections-title"),
        ("/publications", "report-publications"),
    ];
    all.into_iter().filter(|(path, _)| *path != "/statistics" || app.public.is_some()).collect()
}

/// The address of a page in a language.
pub fn address(path: &str, lang: Lang) -> String {
    format!("{path}?lang={}", lang.code())
}

/// The address of the page at hand in another language, with what else was asked for.
fn in_language(request: &HttpRequest, lang: Lang) -> String {
    let others = request.query_string().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && name != "lang" && name != "cursor"
    });
    let others: String = others.map(|pair| format!("&{pair}")).collect();
    address(request.path(), lang) + &others
}

/// A page in the frame.
pub fn framed(app: &App, request: &HttpRequest, lang: Lang, title: &str, main: &Markup) -> String {
    let name = app.profile.authority.name.get(lang);
    let body = html! {
        a.skip href="#content" { (lang.text("site-skip")) }
        (head(app, request, lang))
        main #content { h1 { (title) } (main) }
        (foot(app, lang))
    };
    leading_outside(document(lang.code(), &format!("{title} – {name}"), body), &prefix(&app.config, request))
}

/// A page, or a feed, whose addresses lead where clients reach the service.
pub fn leading_outside(page: String, before: &str) -> String {
    let names = ["href", "src", "action"].into_iter().filter(|_| !before.is_empty());
    names.fold(page, |page, name| page.replace(&format!("{name}=\"/"), &format!("{name}=\"{before}/")))
}

fn head(app: &App, request: &HttpRequest, lang: Lang) -> Markup {
    let authority = &app.profile.authority;
    let (name, writing) = (authority.name.get(lang), app.writing(lang));
    let current = |is_it: bool, what: &'static str| is_it.then_some(what);
    html! {
        header.site {
            @if let Some(logo) = &app.profile.logo { img.logo alt="" src=(drawing(logo)); }
            p.name { a href=(address("/", lang)) { (name) } }
            nav aria-label=(lang.text("site-pages")) { ul { @for (path, title) in pages(app) {
                li { a href=(address(path, lang)) aria-current=[current(request.path() == path, "page")] { (writing.text(title)) } }
            } } }
            @if authority.languages.len() > 1 {
                nav aria-label=(lang.text("page-language")) { ul { @for &other in &authority.languages {
                    li {
                        a href=(in_language(request, other)) hreflang=(other.code()) lang=(other.code())
                            aria-current=[current(other == lang, "true")] { (other.text("language-name")) }
                    }
                } } }
            }
        }
    }
}

fn foot(app: &App, lang: Lang) -> Markup {
    let authority = &app.profile.authority;
    html! {
        footer.foot {
            h2 { (lang.text("site-imprint")) }
            p { (authority.name.get(lang)) }
            @if !authority.sender().is_empty() {
                h2 { (lang.text("site-contact")) }
                p {
                    @for line in &authority.address { (line) br; }
                    @if let Some(phone) = &authority.phone { (phone) br; }
                    @if let Some(email) = &authority.email { a href={ "mailto:" (email) } { (email) } br; }
                    @if let Some(web) = &authority.web { a href=(web) { (web) } }
                }
            }
            @if let Some(terms) = &authority.terms { h2 { (lang.text("site-terms")) } p { (terms.get(lang)) } }
            p { a href="/publications.atom" { (app.writing(lang).text("site-feed")) } " · " a href={ (address("/", lang)) "#developers" } { (lang.text("site-developers")) } }
        }
    }
}

/// An answer with a page.
pub fn answer(page: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HTML_UTF8))
        .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
        .body(page)
}

/// True if who asked is a person with a browser: what is refused is told on a page.
fn is_for_people(request: &HttpRequest) -> bool {
    let path = request.path();
    let is_for_programs = FOR_PROGRAMS.iter().any(|start| path.starts_with(start));
    !is_for_programs && accepted(request, &[PROBLEM_JSON, JSON, HTML]) == Some(HTML)
}

/// The language of a page whose request cannot be trusted to name one.
fn language(app: &App, request: &HttpRequest) -> Lang {
    let authority = &app.profile.authority;
    let named = request.query_string().split('&').find_map(|pair| Lang::parse(pair.strip_prefix("lang=")?));
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let accepted = || header.and_then(|header| Lang::accepted(header, &authority.languages));
    let named = named.filter(|lang| authority.languages.contains(lang));
    named.or_else(accepted).unwrap_or(authority.language())
}

/// The same answer as a page, where a person asked for one; its status and headers stay.
pub fn refusal(app: &App, request: &HttpRequest, response: HttpResponse, problem: &Problem) -> HttpResponse {
    if !is_for_people(request) {
        return response;
    }
    let lang = language(app, request);
    let title = match response.status() {
        StatusCode::NOT_FOUND => "site-not-found",
        status if status.is_server_error() => "site-failed",
        _ => "site-refused",
    };
    let faults = problem.faults().iter().filter_map(|fault| fault.parameter.as_deref());
    let faults: Vec<String> = faults.map(|name| lang.message("site-parameter", &[("name", &name)])).collect();
    let main = html! {
        @if !faults.is_empty() {
            ul { @for fault in faults { li { (fault) } } }
        } @else if response.status() != StatusCode::NOT_FOUND {
            // Problems are told in English.
            p lang="en" { (problem.detail()) }
        }
        ul { @for (path, title) in pages(app) { li { a href=(address(path, lang)) { (app.writing(lang).text(title)) } } } }
        @if let Some(id) = problem.request_id() { p { small { (lang.message("site-request", &[("id", &id)])) } } }
    };
    let page = framed(app, request, lang, &lang.text(title), &main);
    let mut response = response.set_body(BoxBody::new(page));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(HTML_UTF8));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
