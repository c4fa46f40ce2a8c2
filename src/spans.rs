//! Spans: how long requests, writes and calls of other systems took, and which belongs to which, for a collector of
//! OpenTelemetry. Built without the feature `otel`, or without the address of a collector, nothing is sent, and the places in
//! traces go on alone.

#[cfg(feature = "otel")]
mod otel;

use crate::error::Result;
use crate::outgoing::Trust;
use crate::trace::TraceParent;

/// The kind of work that a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A request that came in.
    Server,
    /// Work within.
    Internal,
    /// A call of another system.
    Client,
}

/// The way of spans to the collector.
#[derive(Clone, Default)]
pub struct Spans {
    #[cfg(feature = "otel")]
    exporter: Option<otel::Exporter>,
}

/// Work that goes on.
pub struct Span {
    place: Option<TraceParent>,
    #[cfg(feature = "otel")]
    open: Option<otel::OpenSpan>,
}

impl Spans {
    /// Starts as the standard variables of OpenTelemetry say; nothing is sent where they name no address.
    #[cfg(feature = "otel")]
    pub fn start(trust: &Trust) -> Result<Spans> {
        Ok(Spans { exporter: otel::Exporter::start(trust)? })
    }

    /// Sends nothing: this was built without the feature.
    #[cfg(not(feature = "otel"))]
    pub fn start(_: &Trust) -> Result<Spans> {
        Ok(Spans::default())
    }

    /// Work begins, within other work where that has a place in a trace.
    pub fn begin(&self, kind: SpanKind, within: Option<&TraceParent>) -> Span {
        #[cfg(feature = "otel")]
        if let Some(exporter) = &self.exporter {
            let (place, open) = exporter.begin(kind, within);
            return Span { place, open: Some(open) };
        }
        let _ = kind;
        Span {
            place: within.map(TraceParent::child),
            #[cfg(feature = "otel")]
            open: None,
        }
    }

    /// Sends what has ended and not been sent yet.
    pub fn stop(&self) {
        #[cfg(feature = "otel")]
        if let Some(exporter) = &self.exporter {
            exporter.stop();
        }
    }
}

impl Span {
    /// Its place in a trace; none where it belongs to no trace.
    pub fn place(&self) -> Option<&TraceParent> {
        self.place.as_ref()
    }

    /// The work has ended. The name and the values say nothing of anybody: routes, not addresses.
    pub fn end(self, name: &str, values: &[(&'static str, &str)], is_failure: bool) {
        #[cfg(feature = "otel")]
        if let Some(open) = self.open {
            open.end(name, values, is_failure);
        }
        let _ = (name, values, is_failure);
    }
}
