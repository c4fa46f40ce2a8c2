//! Generates the client from the document in the variable OPENAPI, as progenitor can take it.

use std::path::Path;

use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Map, Value};

const PROBLEM: &str = "application/problem+json";
const LINES: &str = "application/x-ndjson";

fn main() {
    println!("cargo:rerun-if-env-changed=OPENAPI");
    let path = std::env::var("OPENAPI").expect("OPENAPI names the document");
    println!("cargo:rerun-if-changed={path}");
    let text = std::fs::read_to_string(path).expect("the document can be read");
    let mut document: Value = serde_json::from_str(&text).expect("the document is JSON");
    let name_problems = |response: &mut Value| {
        if let Some(content) = response["content"].as_object_mut()
            && let Some(problem) = content.remove(PROBLEM)
        {
            content.insert("application/json".into(), problem);
        }
    };
    // It gives types to `application/json` alone: a problem is JSON too.
    each(&mut document["components"]["responses"]).for_each(|(_, response)| name_problems(response));
    // It cannot send lines of JSON.
    for (_, path) in each(&mut document["paths"]) {
        let methods = path.as_object_mut().expect("a path has methods");
        methods.retain(|_, operation| operation["requestBody"]["content"].get(LINES).is_none());
    }
    let api: openapiv3::OpenAPI = serde_json::from_value(document).expect("the document is OpenAPI 3.0");
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let tokens = Generator::new(&settings).generate_tokens(&api).expect("a client can be generated");
    let file = syn::parse2(tokens).expect("what is generated is Rust");
    let out = Path::new(&std::env::var("OUT_DIR").expect("cargo sets it")).join("client.rs");
    std::fs::write(out, prettyplease::unparse(&file)).expect("the client can be written");
}

fn each(object: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    object.as_object_mut().map(Map::iter_mut).into_iter().flatten()
}
