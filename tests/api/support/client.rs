//! A small HTTP client for tests.

use std::time::Duration;

use serde_json::Value;

/// Speaks to a running service.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    /// Such as `http://127.0.0.1:8080`.
    pub base: String,
    token: Option<String>,
}

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    pub request: String,
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(base: &str, token: Option<String>) -> Client {
        Client::with_patience(base, token, Duration::from_secs(60))
    }

    /// A client that gives up what is not answered in time.
    pub fn with_patience(base: &str, token: Option<String>, patience: Duration) -> Client {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(patience))
            .allow_non_standard_methods(true)
            .build()
            .new_agent();
        Client { agent, base: base.to_owned(), token }
    }

    /// The same with another token.
    pub fn with_token(&self, token: impl Into<String>) -> Client {
        Client { token: Some(token.into()), ..self.clone() }
    }

    /// The same to another service.
    pub fn with_base(&self, base: &str) -> Client {
        Client { base: base.to_owned(), ..self.clone() }
    }

    /// The same, but what is not answered in time fails.
    pub fn within(&self, patience: Duration) -> Client {
        Client::with_patience(&self.base, self.token.clone(), patience)
    }

    /// The line that shows the token, for requests that are written by hand.
    pub fn authorization(&self) -> String {
        self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default()
    }

    /// The address and port.
    pub fn address(&self) -> &str {
        self.base.strip_prefix("http://").unwrap_or(&self.base)
    }

    /// The same without a token.
    pub fn anonymous(&self) -> Client {
        Client { token: None, ..self.clone() }
    }

    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The answer, if a whole one comes.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        }?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        Ok(Answer { request: format!("{method} {path}"), status: answer.status().as_u16(), headers, body })
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.send("POST", path, &[("Content-Type", "application/json")], Some(body.as_bytes()))
    }

    /// The same, if a whole answer comes.
    pub fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.try_send("POST", path, &[("Content-Type", "application/json")], Some(body.to_string().as_bytes())).ok()
    }

    #[track_caller]
    pub fn patch(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/merge-patch+json"), ("If-Match", etag)];
        self.send("PATCH", path, &headers, Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[("Content-Type", "application/json")], Some(body.to_string().as_bytes()))
    }

    #[track_caller]
    pub fn delete(&self, path: &str, etag: &str) -> Answer {
        self.send("DELETE", path, &[("If-Match", etag)], None)
    }

    /// Every item of a list, page by page.
    #[track_caller]
    pub fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = path.to_owned();
        loop {
            let page = self.get(&next).expect(200).json();
            items.extend(page["items"].as_array().unwrap().clone());
            let Some(cursor) = page["next"].as_str() else { return items };
            let and = if path.contains('?') { '&' } else { '?' };
            next = format!("{path}{and}cursor={cursor}");
        }
    }
}

impl Answer {
    /// Fails unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        self
    }

    /// Fails unless it is a problem document of this type and status.
    #[track_caller]
    pub fn expect_problem(self, status: u16, slug: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.request);
        let problem = answer.json();
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{}: {problem}", answer.request);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"].as_str(), answer.header("x-request-id"));
        problem
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The pointers or parameters of a problem's faults, sorted.
pub fn faults(problem: &Value) -> Vec<String> {
    let mut places: Vec<String> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().or(fault["parameter"].as_str()).unwrap().to_owned())
        .collect();
    places.sort();
    places
}
