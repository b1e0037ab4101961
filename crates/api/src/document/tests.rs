//! The three languages give the same tree, and every value knows its place.

use super::*;

fn yaml(text: &str) -> Node {
    let mut problems = Problems::default();
    let mut documents = parse_yaml(text, &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

fn json(text: &str) -> Node {
    let mut problems = Problems::default();
    let node = parse_json(text, &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    node.unwrap()
}

fn refused_json(text: &str) -> bool {
    let mut problems = Problems::default();
    parse_json(text, &mut problems).is_none() && !problems.is_empty()
}

/// The tree without the places.
fn plain(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Other(kind, text) => format!("<{kind} {text}>"),
        Value::Text(text) => format!("{text:?}"),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        ),
        Value::Map(entries) => {
            let entries = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key, plain(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

#[test]
fn yaml_scalars_follow_the_core_schema() {
    for (text, expected) in [
        ("x", "\"x\""),
        ("'1'", "\"1\""),
        ("!!str 1", "\"1\""),
        ("1", "1"),
        ("-7", "-7"),
        ("0x1F", "31"),
        ("0o17", "15"),
        ("1.5", "<a number 1.5>"),
        ("1e3", "<a number 1e3>"),
        (".inf", "<a number .inf>"),
        ("99999999999999999999", "<a number 99999999999999999999>"),
        ("1.2.3", "\"1.2.3\""),
        ("2026-01-01", "\"2026-01-01\""),
        ("1s", "\"1s\""),
        ("true", "true"),
        ("yes", "\"yes\""),
        ("|\n  a\n  b\n", "\"a\\nb\\n\""),
    ] {
        assert_eq!(
            plain(&yaml(&format!("k: {text}"))),
            format!("{{k: {expected}}}"),
            "{text}"
        );
    }
    assert_eq!(
        plain(&yaml("{a: ~, b: null, c: }")),
        "{a: null, b: null, c: null}"
    );
}

#[test]
fn keys_that_are_not_text_become_text() {
    assert_eq!(
        plain(&yaml("{1: a, true: b, ~: c, 1.5: d}")),
        "{1: \"a\", true: \"b\", null: \"c\", 1.5: \"d\"}"
    );
}

#[test]
fn an_alias_is_a_copy_of_its_anchor() {
    assert_eq!(
        plain(&yaml("a: &x [1, 2]\nb: *x")),
        "{a: [1, 2], b: [1, 2]}"
    );
}

#[test]
fn places_are_bytes_of_the_text() {
    let text = "é: ü\nlist:\n  - first\n  - \"second\"\n";
    let Value::Map(entries) = yaml(text).value else {
        panic!("a mapping")
    };
    assert_eq!(
        &text[entries[0].key_span.start..entries[0].key_span.end],
        "é"
    );
    assert_eq!(
        &text[entries[0].value.span.start..entries[0].value.span.end],
        "ü"
    );
    let Value::List(items) = &entries[1].value.value else {
        panic!("a list")
    };
    let marked: Vec<&str> = items
        .iter()
        .map(|item| &text[item.span.start..item.span.end])
        .collect();
    assert_eq!(marked, ["first", "\"second\""]);
}

#[test]
fn json_reads_as_the_standard_says() {
    let text = "\u{feff} { \"a\" : [ 1, -2.5e3, true, false, null, \"\\u00e9\\n\\\"\" ],\t\"b\": {} , \"c\": [] }\r\n";
    assert_eq!(
        plain(&json(text)),
        "{a: [1, <a number -2.5e3>, true, false, null, \"é\\n\\\"\"], b: {}, c: []}"
    );
}

#[test]
fn json_that_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a: 1}",
        "{'a': 1}",
        "[1 2]",
        "01",
        "1.",
        "+1",
        "nul",
        "True",
        "\"a",
        "\"\\x\"",
        "\"a\nb\"",
        "[] []",
        "{\"a\" 1}",
        "// x",
        "\"\\ud800\"",
    ] {
        assert!(refused_json(text), "{text:?}");
    }
}

#[test]
fn toml_keeps_the_order_of_the_file() {
    let mut problems = Problems::default();
    let text = "z = 1\na.b = 'x'\n[m]\nwhen = 2026-01-01\nhex = 0x10\nratio = 1.5\nlist = [true]\n";
    let node = parse_toml(text, &mut problems).unwrap();
    let expected = "{z: 1, a: {b: \"x\"}, m: {when: <a date 2026-01-01>, hex: 16, ratio: <a number 1.5>, list: [true]}}";
    assert_eq!(plain(&node), expected);
}

#[test]
fn the_height_of_a_tree_counts_lists_and_mappings() {
    assert_eq!(yaml("a: [[1]]").height(), 3);
    assert_eq!(yaml("x").height(), 0);
}

#[test]
fn a_suggestion_is_made_for_names_that_are_close() {
    let known = ["image", "imagePullPolicy", "localResources", "poolSize"];
    let suggestion = |name: &str| problem::nearest(name, &known);
    assert_eq!(suggestion("imgae"), Some("image"));
    assert_eq!(suggestion("pool_size"), Some("poolSize"));
    assert_eq!(suggestion("LOCALRESOURCES"), Some("localResources"));
    assert_eq!(suggestion("pool"), Some("poolSize"));
    assert_eq!(suggestion("frobnicate"), None);
    assert_eq!(suggestion(&"image".repeat(1000)), None);
}
