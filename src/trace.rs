//! Traces over several systems (W3C Trace Context): the place of a request in the one that it belongs to. It consists of random
//! ids, so that it says nothing of anybody.

use std::sync::Arc;

/// The header that it comes and goes in.
pub const TRACEPARENT: &str = "traceparent";

/// A place in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: Arc<str>,
    span: Arc<str>,
    is_sampled: bool,
}

/// True if a text is an id of so many hexadecimal digits.
fn is_id(text: &str, length: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == length && text.bytes().all(is_digit) && text.bytes().any(|byte| byte != b'0')
}

impl TraceParent {
    /// Reads it as it is specified; further fields of later versions are passed over.
    pub fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace, span, flags, rest @ ..] = parts.as_slice() else { return None };
        let is_version = version.len() == 2 && *version != "ff" && (*version != "00" || rest.is_empty());
        let flags =
            Some(*flags).filter(|flags| flags.len() == 2).and_then(|flags| u8::from_str_radix(flags, 16).ok())?;
        let is_whole = is_version && is_id(trace, 32) && is_id(span, 16);
        is_whole.then(|| TraceParent { trace: (*trace).into(), span: (*span).into(), is_sampled: flags & 1 == 1 })
    }

    /// The id of the trace.
    pub fn trace(&self) -> &str {
        &self.trace
    }

    /// The id of the span in it.
    pub fn span(&self) -> &str {
        &self.span
    }

    /// True if somebody keeps the trace.
    pub fn is_sampled(&self) -> bool {
        self.is_sampled
    }

    /// The place of a piece of work that belongs to the same trace.
    pub fn child(&self) -> Self {
        // One of its bits is always set, so that it is never 0.
        let span = format!("{:016x}", uuid::Uuid::new_v4().as_u64_pair().1);
        TraceParent { span: span.into(), ..self.clone() }
    }

    /// As it is sent on.
    pub fn written(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::TraceParent;

    #[test]
    fn is_read_as_it_is_specified() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        for (text, flags) in [
            (format!("00-{trace}-{span}-01"), "01"),
            (format!("00-{trace}-{span}-02"), "00"),
            (format!("cc-{trace}-{span}-01-more"), "01"),
        ] {
            let read = TraceParent::read(&text).unwrap();
            assert_eq!((read.trace(), read.span()), (trace, span));
            assert_eq!(read.written(), format!("00-{trace}-{span}-{flags}"));
            let child = TraceParent::read(&read.child().written()).unwrap();
            assert!(child.trace() == trace && child.span() != span, "{child:?}");
        }
        for wrong in [
            "",
            "x",
            &format!("ff-{trace}-{span}-01"),
            &format!("00-{}-{span}-01", trace.to_uppercase()),
            &format!("00-{trace}-0000000000000000-01"),
            &format!("00-{span}-{trace}-01"),
            &format!("00-{trace}-{span}-01-more"),
            &format!("00-{trace}-{span}-1"),
            &format!("00-{trace}-{span}-xx"),
        ] {
            assert_eq!(TraceParent::read(wrong), None, "{wrong}");
        }
    }
}
