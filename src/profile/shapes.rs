//! The shapes of the municipalities (GeoJSON, RFC 7946), for the map in the report.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::files::{ProfileFile, ProfileFiles};
use crate::formats::chart::Shape;
use crate::source::{SourceFault, did_you_mean};

/// The largest file, in bytes.
const LARGEST: usize = 5_000_000;

/// The most places of all outlines: a map in a report shows no more, and each page carries them.
const PLACES: usize = 20_000;

#[derive(Deserialize)]
struct Collection {
    r#type: String,
    features: Vec<Value>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
    properties: Option<FeatureProperties>,
}

#[derive(Deserialize)]
struct FeatureProperties {
    name: Option<String>,
    bfs_number: Option<i64>,
}

/// An outline: places, of which the numbers after the second one are no matter.
type WrittenOutline = Vec<Vec<f64>>;

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<WrittenOutline>),
    MultiPolygon(Vec<Vec<WrittenOutline>>),
}

/// Reads the shapes that `authority.toml` names.
pub(super) fn read(
    files: &ProfileFiles,
    (authority, named): (&ProfileFile, &Spanned<String>),
    faults: &mut Vec<SourceFault>,
) -> Option<Vec<Shape>> {
    let Some(file) = files.shapes.iter().find(|file| file.name() == named.get_ref()) else {
        let meant = did_you_mean(named.get_ref(), files.shapes.iter().map(ProfileFile::name));
        let reason = format!(
            "the folder has no shapes {}{meant}; shapes are a file such as municipalities.geojson",
            named.get_ref()
        );
        faults.push(authority.fault(named.span().start, reason));
        return None;
    };
    match shapes(&file.text) {
        Ok(shapes) => Some(shapes),
        Err(refused) => {
            faults.extend(refused.into_iter().map(|(place, reason)| file.fault(place, reason)));
            None
        }
    }
}

/// The shapes of a text, or all that is wrong with it, with its place.
fn shapes(text: &str) -> Result<Vec<Shape>, Vec<(usize, String)>> {
    let refuse = |reason: String| Err(vec![(0, reason)]);
    if text.len() > LARGEST {
        return refuse(format!("shapes have {LARGEST} bytes at the most"));
    }
    let collection: Collection = serde_json::from_str(text).map_err(|error| {
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        vec![(lines.map(str::len).sum(), format!("is no GeoJSON that can be read: {error}"))]
    })?;
    if collection.r#type != "FeatureCollection" || collection.features.is_empty() {
        return refuse("shapes are a FeatureCollection with a feature for each municipality".into());
    }
    let (mut shapes, mut refused) = (Vec::new(), Vec::new());
    for (index, feature) in collection.features.into_iter().enumerate() {
        match shape(feature) {
            Ok(shape) => shapes.push(shape),
            Err(reason) => refused.push((0, format!("feature {}: {reason}", index + 1))),
        }
    }
    refused.extend(doubles(&shapes).into_iter().map(|reason| (0, reason)));
    let places = shapes.iter().flat_map(|shape| &shape.rings).map(Vec::len).sum::<usize>();
    if places > PLACES {
        refused.push((0, format!("the outlines have {places} places, and {PLACES} are enough: simplify them")));
    }
    if refused.is_empty() { Ok(shapes) } else { Err(refused) }
}

/// The shape of a feature.
fn shape(feature: Value) -> Result<Shape, String> {
    let read: Feature = serde_json::from_value(feature).map_err(|error| {
        format!(
            "is none with a geometry (Polygon or MultiPolygon, places such as [8.31, 47.05]) and properties: {error}"
        )
    })?;
    let FeatureProperties { name, bfs_number } =
        read.properties.unwrap_or(FeatureProperties { name: None, bfs_number: None });
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if name.is_none() && bfs_number.is_none() {
        return Err("has neither the property bfs_number nor name, by which the municipality is known".into());
    }
    let rings = match read.geometry {
        Geometry::Polygon(rings) => rings,
        Geometry::MultiPolygon(parts) => parts.concat(),
    };
    let rings = rings.into_iter().map(outline).collect::<Result<Vec<_>, _>>()?;
    if rings.is_empty() {
        return Err("has no outline".into());
    }
    Ok(Shape { name, number: bfs_number, rings })
}

fn outline(ring: WrittenOutline) -> Result<Vec<[f64; 2]>, String> {
    let place = |place: Vec<f64>| match place.as_slice() {
        [x, y, ..] if x.is_finite() && y.is_finite() => Ok([*x, *y]),
        _ => Err("a place is two numbers, such as [8.31, 47.05]".to_owned()),
    };
    let places = ring.into_iter().map(place).collect::<Result<Vec<_>, _>>()?;
    match places.len() >= 4 && places.first() == places.last() {
        true => Ok(places),
        false => Err("an outline has four places at least and ends where it begins".into()),
    }
}

/// The names and numbers that several shapes have.
fn doubles(shapes: &[Shape]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let names = shapes.iter().filter_map(|shape| Some(("name", shape.name.as_ref()?.to_lowercase())));
    let numbers = shapes.iter().filter_map(|shape| Some(("bfs_number", shape.number?.to_string())));
    let all = names.chain(numbers).filter(|key| !seen.insert(key.clone()));
    let mut doubles: Vec<String> = all.map(|(of, value)| format!("several features have the {of} {value}")).collect();
    doubles.dedup();
    doubles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_and_what_is_none_is_refused_with_its_reason() {
        let square = "[[8,47],[9,47,450],[9,48],[8,47]]";
        let feature = |properties: &str, kind: &str, coordinates: &str| {
            format!(
                r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
            )
        };
        let collection =
            |features: &[String]| format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
        let good = [
            feature(r#"{"name":" A ","bfs_number":1,"area":3}"#, "Polygon", &format!("[{square}]")),
            feature(r#"{"name":"B"}"#, "MultiPolygon", &format!("[[{square},{square}],[{square}]]")),
        ];
        let read = shapes(&collection(&good)).unwrap();
        assert_eq!((read[0].name.as_deref(), read[0].number, read[1].rings.len()), (Some("A"), Some(1), 3));
        assert_eq!(read[0].rings[0][1], [9.0, 47.0]);
        let twice = [good[1].clone(), good[1].clone()];
        for (text, reason) in [
            ("x".to_owned(), "is no GeoJSON that can be read"),
            ("[]".to_owned(), "is no GeoJSON that can be read"),
            (good[0].clone(), "is no GeoJSON that can be read"),
            (collection(&[]), "a feature for each municipality"),
            (collection(&twice), "several features have the name b"),
            (
                collection(&[feature("{}", "Polygon", &format!("[{square}]"))]),
                "feature 1: has neither the property bfs_number nor name",
            ),
            (collection(&[feature(r#"{"name":"A"}"#, "Point", "[8,47]")]), "feature 1: is none with a geometry"),
            (collection(&[feature(r#"{"name":"A"}"#, "Polygon", "[]")]), "feature 1: has no outline"),
            (collection(&[feature(r#"{"name":"A"}"#, "Polygon", "[[[8,47],[9,47],[8,47]]]")]), "four places at least"),
            (
                collection(&[feature(r#"{"name":"A"}"#, "Polygon", "[[[8,47],[9,47],[9,48],[8,48]]]")]),
                "ends where it begins",
            ),
            (collection(&[feature(r#"{"name":"A"}"#, "Polygon", "[[[8],[9],[9],[8]]]")]), "a place is two numbers"),
            (
                collection(&[feature(
                    r#"{"name":"A"}"#,
                    "Polygon",
                    &format!("[[{}]]", vec!["[8,47]"; 20_001].join(",")),
                )]),
                "simplify them",
            ),
        ] {
            let refused = shapes(&text).unwrap_err();
            assert!(refused.len() == 1 && refused[0].1.contains(reason), "{reason}: {refused:?}");
        }
        let lines = "{\n\"type\": \"FeatureCollection\",\n\"features\": [,]}";
        assert_eq!(shapes(lines).unwrap_err()[0].0, lines.find("\"features\"").unwrap());
    }
}
