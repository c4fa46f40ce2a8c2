//! Spans over OTLP (HTTP, protobuf), by the connection that all calls of other systems take.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, SpanKind as Kind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span as SdkSpan};

use super::SpanKind;
use crate::error::{Error, Result};
use crate::outgoing::{Trust, reason};
use crate::trace::TraceParent;

/// The variables that name a collector.
const ADDRESSES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// The longest time that a collector may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The name of the service unless `OTEL_SERVICE_NAME` says another.
const SERVICE: &str = "aufsicht";

/// The most bytes of a collector's answer that are read.
const ANSWER: u64 = 64 << 10;

/// The way to a collector.
#[derive(Clone)]
pub(super) struct Exporter {
    provider: SdkTracerProvider,
    tracer: Arc<SdkTracer>,
}

/// A span that goes on.
pub(super) struct OpenSpan(SdkSpan);

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Exporter {
    /// None where no variable names a collector, or `OTEL_SDK_DISABLED` is true.
    pub(super) fn start(trust: &Trust) -> Result<Option<Self>> {
        let is_off = variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if is_off || ADDRESSES.iter().all(|name| variable(name).is_none()) {
            return Ok(None);
        }
        let agent = trust.agent().timeout_global(Some(TIMEOUT)).build().new_agent();
        let exporter = SpanExporter::builder().with_http().with_http_client(CollectorClient(agent)).build();
        let exporter = exporter.map_err(|error| Error::Configuration(format!("spans cannot be sent: {error}")))?;
        let resource = Resource::builder();
        let resource = match variable("OTEL_SERVICE_NAME") {
            Some(_) => resource,
            None => resource.with_service_name(SERVICE),
        };
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
        let tracer = Arc::new(provider.tracer(SERVICE));
        Ok(Some(Exporter { provider, tracer }))
    }

    pub(super) fn begin(&self, kind: SpanKind, within: Option<&TraceParent>) -> (Option<TraceParent>, OpenSpan) {
        let kind = match kind {
            SpanKind::Server => Kind::Server,
            SpanKind::Internal => Kind::Internal,
            SpanKind::Client => Kind::Client,
        };
        let context = within
            .and_then(context_of)
            .map_or_else(Context::new, |place| Context::new().with_remote_span_context(place));
        let span = self.tracer.build_with_context(SpanBuilder::from_name(SERVICE).with_kind(kind), &context);
        let place = span.span_context();
        let place = format!("00-{}-{}-{:02x}", place.trace_id(), place.span_id(), place.trace_flags().to_u8());
        (TraceParent::read(&place), OpenSpan(span))
    }

    pub(super) fn stop(&self) {
        if let Err(error) = self.provider.shutdown() {
            log::warn!("the last spans are not sent: {error}");
        }
    }
}

fn context_of(place: &TraceParent) -> Option<SpanContext> {
    let (trace, span) = (TraceId::from_hex(place.trace()).ok()?, SpanId::from_hex(place.span()).ok()?);
    let flags = TraceFlags::default().with_sampled(place.is_sampled());
    Some(SpanContext::new(trace, span, flags, true, TraceState::NONE))
}

impl OpenSpan {
    pub(super) fn end(mut self, name: &str, values: &[(&'static str, &str)], is_failure: bool) {
        self.0.update_name(name.to_owned());
        let values = values.iter().map(|(name, value)| match value.parse::<i64>() {
            Ok(number) => KeyValue::new(*name, number),
            Err(_) => KeyValue::new(*name, (*value).to_owned()),
        });
        self.0.set_attributes(values);
        if is_failure {
            self.0.set_status(Status::error(""));
        }
        self.0.end();
    }
}

/// Sends as all calls of other systems are sent. It waits where it is called, which is the thread of the exporter alone.
struct CollectorClient(ureq::Agent);

impl fmt::Debug for CollectorClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CollectorClient")
    }
}

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> std::result::Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let failed = |error: ureq::Error| {
            log::warn!("spans are not sent: {}", reason(&error));
            HttpError::from(error)
        };
        let answer = self.0.run(Request::from_parts(head, body.to_vec())).map_err(failed)?;
        if !answer.status().is_success() {
            log::warn!("spans are not taken: the collector answered {}", answer.status().as_u16());
        }
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(ANSWER).read_to_vec().map_err(failed)?;
        Ok(Response::from_parts(head, body.into()))
    }
}
