//! The schema and the parser know the same keys, and every example is valid.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use weft_api::project::{Content, Format, Outline, parse, parse_with_outline};

use super::SCHEMA;

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn as_json(outline: &Outline) -> Value {
    match &outline.content {
        Content::Nothing => Value::Null,
        Content::Boolean(value) => (*value).into(),
        Content::Integer(value) => (*value).into(),
        Content::Text(text) => text.as_str().into(),
        Content::List(items) => items.iter().map(as_json).collect(),
        Content::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| (key.clone(), as_json(value)));
            Value::Object(entries.collect())
        }
    }
}

/// The keywords that the schema uses, as JSON Schema defines them; `pattern` is left to editors. A crate for this would
/// change the features of what the engine is built from.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, errors: &mut Vec<String>) {
    let mut wrong = |why: String| errors.push(format!("{at}: {why}"));
    for (keyword, wanted) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "type" => {
                let is = match wanted.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64(),
                    other => panic!("{other}"),
                };
                if !is {
                    wrong(format!("{value} is not {wanted}"));
                }
            }
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                wrong(format!("{value} is none of {wanted}"))
            }
            "minimum" if value.as_i64() < wanted.as_i64() => wrong(format!("{value} < {wanted}")),
            "maximum" if value.as_i64() > wanted.as_i64() => wrong(format!("{value} > {wanted}")),
            "minLength" if value == "" => wrong("it is empty".to_owned()),
            "required" => {
                let missing = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|key| value.get(key.as_str().unwrap()).is_none());
                missing.for_each(|key| wrong(format!("{key} is missing")));
            }
            "$ref" => {
                let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                validate(root, root.pointer(pointer).unwrap(), value, at, errors);
                return;
            }
            "oneOf" => {
                let fits = |one: &&Value| {
                    let mut errors = Vec::new();
                    validate(root, one, value, at, &mut errors);
                    errors.is_empty()
                };
                if wanted.as_array().unwrap().iter().filter(fits).count() != 1 {
                    wrong(format!("not one of {wanted}"));
                }
            }
            "enum"
            | "minimum"
            | "maximum"
            | "minLength"
            | "pattern"
            | "description"
            | "default"
            | "title"
            | "$schema"
            | "$defs"
            | "properties"
            | "additionalProperties"
            | "items" => {}
            other => panic!("`{other}` is not known here"),
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(items) = schema.get("items") {
            validate(root, items, item, &format!("{at}/{index}"), errors);
        }
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{key}");
        match (
            schema.get("properties").and_then(|known| known.get(key)),
            schema.get("additionalProperties"),
        ) {
            (Some(known), _) => validate(root, known, inner, &at, errors),
            (None, Some(Value::Bool(false))) => errors.push(format!("{at}: it is not known")),
            (None, Some(others)) => validate(root, others, inner, &at, errors),
            (None, None) => {}
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
            files(&path, found);
        } else if Format::of(&path).is_some()
            && (path.ends_with("weft.yaml")
                || path
                    .parent()
                    .is_some_and(|parent| parent.ends_with(".wash")))
        {
            found.push(path);
        }
    }
}

#[test]
fn every_example_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    files(&root.join("examples"), &mut found);
    files(&root.join("crates/api/tests/projects"), &mut found);
    assert!(found.len() > 16, "{found:?}");
    let schema = schema();
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let format = Format::of(&path).unwrap();
        let (_, outline) = parse_with_outline("f", Path::new("/"), &text, format)
            .unwrap_or_else(|report| panic!("{}: {report}", path.display()));
        let instance = as_json(&outline);
        let mut errors = Vec::new();
        validate(&schema, &schema, &instance, "", &mut errors);
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
    }
}

#[test]
fn what_is_wrong_is_not_valid() {
    let schema = schema();
    for wrong in [
        json!({"biuld": {}}),
        json!({"dev": {"adress": "127.0.0.1:1"}}),
        json!({"secrets": {"a": {"fromEnv": "TOKEN"}}}),
        json!({"workload": {"environment": {"config": {"PORT": 1}}}}),
        json!({"dev": {"components": [{"name": "a", "file": "a", "image": "b"}]}}),
    ] {
        let mut errors = Vec::new();
        validate(&schema, &schema, &wrong, "", &mut errors);
        assert!(!errors.is_empty(), "{wrong}");
        assert!(
            parse("f", Path::new("/"), &wrong.to_string(), Format::Json).is_err(),
            "{wrong}"
        );
    }
}

/// What a document has around the place that is looked at.
type Around<'a> = &'a dyn Fn(Value) -> Value;

/// Calls `each` with every mapping of fixed keys in the schema, and with what is around its place.
fn mappings(
    node: &Value,
    around: Around<'_>,
    each: &mut dyn FnMut(&Map<String, Value>, Around<'_>),
) {
    let schema = schema();
    let node = match node.get("$ref").and_then(Value::as_str) {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap(),
        None => node,
    };
    if let Some(properties) = node.get("properties").and_then(Value::as_object) {
        each(properties, around);
        for (key, inner) in properties {
            mappings(inner, &|value| around(json!({ key: value })), each);
        }
    }
    if let Some(items) = node.get("items") {
        mappings(items, &|value| around(json!([value])), each);
    }
    if let Some(values) = node
        .get("additionalProperties")
        .filter(|values| values.is_object())
    {
        mappings(values, &|value| around(json!({ "some-name": value })), each);
    }
}

/// The messages and help of the parser about a document.
fn complaints(document: &Value) -> Vec<(String, String)> {
    match parse("f", Path::new("/"), &document.to_string(), Format::Json) {
        Ok(_) => Vec::new(),
        Err(report) => report
            .diagnostics
            .into_iter()
            .map(|problem| (problem.message, problem.help.unwrap_or_default()))
            .collect(),
    }
}

#[test]
fn the_parser_knows_every_key_of_the_schema_and_no_other() {
    let mut count = 0;
    mappings(&schema(), &|value| value, &mut |properties, around| {
        for key in properties.keys() {
            let document = around(json!({ key: null }));
            let complaints = complaints(&document);
            let unknown = complaints
                .iter()
                .find(|(message, _)| message.starts_with("unknown field"));
            assert!(unknown.is_none(), "{document}: {unknown:?}");
            count += 1;
        }
        let document = around(json!({ "0": null }));
        let complaints = complaints(&document);
        let (_, help) = complaints
            .iter()
            .find(|(message, _)| message.starts_with("unknown field"))
            .unwrap_or_else(|| panic!("{document}: {complaints:?}"));
        let known: BTreeSet<&str> = help.split('`').skip(1).step_by(2).collect();
        let listed: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(known, listed, "{document}: {help}");
    });
    assert!(count > 100, "{count} keys");
}

#[test]
fn the_parser_takes_every_word_of_the_schema_and_no_other() {
    let mut words = 0;
    mappings(&schema(), &|value| value, &mut |properties, around| {
        for (key, inner) in properties {
            let (list, choices) = match (inner.get("enum"), inner.pointer("/items/enum")) {
                (Some(choices), _) => (false, choices),
                (_, Some(choices)) => (true, choices),
                _ => continue,
            };
            let of = |word: &Value| {
                around(json!({ key: if list { json!([word]) } else { word.clone() } }))
            };
            let refused = |word: &Value| {
                complaints(&of(word))
                    .into_iter()
                    .find(|(message, _)| message.contains("can't be"))
            };
            for word in choices.as_array().unwrap() {
                assert!(refused(word).is_none(), "{}", of(word));
                words += 1;
            }
            let (_, help) = refused(&json!("0")).unwrap_or_else(|| panic!("{}", of(&json!("0"))));
            for known in help.split('`').skip(1).step_by(2) {
                assert!(
                    choices.as_array().unwrap().iter().any(|word| word == known),
                    "{key}: {known}"
                );
            }
        }
    });
    assert!(words > 20, "{words} words");
}
