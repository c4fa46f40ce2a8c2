//! The logo of the authority: a drawing (SVG) that draws and does nothing else.

use roxmltree::{Document, Node};
use toml::Spanned;

use super::files::{ProfileFile, ProfileFiles};
use crate::source::{SourceFault, did_you_mean};

/// The largest logo, in bytes.
const LARGEST: usize = 500_000;

/// The elements that do more than draw.
const ACTIVE: [&str; 8] = ["script", "foreignObject", "iframe", "object", "embed", "handler", "set", "animate"];

/// Reads the logo that `authority.toml` names.
pub(super) fn read(
    files: &ProfileFiles,
    (authority, named): (&ProfileFile, &Spanned<String>),
    faults: &mut Vec<SourceFault>,
) -> Option<String> {
    let Some(file) = files.drawings.iter().find(|file| file.name() == named.get_ref()) else {
        let meant = did_you_mean(named.get_ref(), files.drawings.iter().map(ProfileFile::name));
        let reason = format!("the folder has no drawing {}{meant}; a logo is a file such as logo.svg", named.get_ref());
        faults.push(authority.fault(named.span().start, reason));
        return None;
    };
    let refused = refusals(&file.text);
    faults.extend(refused.iter().map(|(place, reason)| file.fault(*place, reason.as_str())));
    refused.is_empty().then(|| file.text.clone())
}

/// All that a logo must not have, with its place.
fn refusals(text: &str) -> Vec<(usize, String)> {
    if text.len() > LARGEST {
        return vec![(0, format!("a logo has {LARGEST} bytes at the most"))];
    }
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let line = error.pos().row.saturating_sub(1) as usize;
            let place = text.split_inclusive('\n').take(line).map(str::len).sum();
            let reason = match text.contains("<!DOCTYPE") {
                true => "has a <!DOCTYPE …>, which a drawing does not need: take it out".to_owned(),
                false => format!("is no drawing (SVG) that can be read: {error}"),
            };
            return vec![(place, reason)];
        }
    };
    let mut found = Vec::new();
    if document.root_element().tag_name().name() != "svg" {
        found.push((0, "is no drawing: the outermost element of an SVG is svg".into()));
    }
    for node in document.descendants().filter(Node::is_element) {
        found.extend(active(&node).map(|reason| (node.range().start, reason)));
    }
    found
}

/// The reason why an element is more than a drawing, if it is.
fn active(node: &Node) -> Option<String> {
    let name = node.tag_name().name();
    if ACTIVE.iter().any(|active| name.starts_with(active)) {
        return Some(format!("a logo must not have the element {name}; leave it out"));
    }
    let leads_out = |text: &str| {
        let text = text.to_lowercase();
        text.contains("@import")
            || text.split("url(").skip(1).any(|of| !of.trim_start_matches(['"', '\'', ' ']).starts_with('#'))
    };
    for attribute in node.attributes() {
        let (called, value) = (attribute.name(), attribute.value().trim());
        let is_embedded = ["data:image/png;", "data:image/jpeg;"].iter().any(|start| value.starts_with(start));
        if called == "href" && !value.starts_with('#') && !is_embedded {
            return Some(format!("a logo must not lead elsewhere, as {name} does; embed the picture or leave it out"));
        }
        if called.to_lowercase().starts_with("on") || leads_out(value) {
            return Some(format!("a logo must not have {called}=\"{value}\"; leave it out"));
        }
    }
    let mut texts = node.descendants().filter_map(|inner| inner.text());
    (name == "style" && texts.any(leads_out))
        .then(|| "the style of a logo must not lead elsewhere; leave @import and url() out".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_taken_and_what_does_more_is_refused_at_its_place() {
        let svg = |inner: &str| {
            format!(
                "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>\n{inner}</svg>"
            )
        };
        let good = svg(
            "<defs><linearGradient id='a'/></defs><rect fill='url(#a)'/><use href='#a'/><style>rect { fill: red }</style>",
        );
        assert_eq!(refusals(&good), []);
        for bad in [
            "<script>alert(1)</script>",
            "<rect onclick='x()'/>",
            "<image href='https://example.org/a.png'/>",
            "<image xlink:href='file:///etc/passwd'/>",
            "<image href='data:image/svg+xml;base64,AA'/>",
            "<foreignObject/>",
            "<rect fill='url(https://example.org/#a)'/>",
            "<style>@import 'x'</style>",
            "<style><!-- -->@import 'x'</style>",
            "<animateMotion/>",
        ] {
            let text = svg(bad);
            let found = refusals(&text);
            assert!(found.len() == 1 && text[..found[0].0].contains('\n'), "{bad}: {found:?}");
        }
        for bad in ["<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", "<html/>", "GIF89a"] {
            assert_eq!(refusals(bad).len(), 1, "{bad}");
        }
    }
}
