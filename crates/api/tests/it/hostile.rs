//! Text from an adversary or an accident: it ends in a value or a report, soon and in little memory.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use weft_api::{manifest, project};

/// Reads the text in every way there is; each report must place its problems inside the text.
fn read(text: &str) {
    let base = Path::new("/project");
    let formats = [
        project::Format::Yaml,
        project::Format::Json,
        project::Format::Toml,
    ];
    let reports = formats
        .iter()
        .map(|format| project::parse("f", base, text, *format).err());
    for report in reports
        .chain([manifest::parse("f", base, text).err()])
        .flatten()
    {
        assert!(!report.diagnostics.is_empty());
        for problem in &report.diagnostics {
            assert!(
                text.get(problem.offset..problem.offset + problem.length)
                    .is_some(),
                "{problem:?}"
            );
            assert!(problem.line >= 1 && problem.column >= 1);
            assert!(!problem.message.is_empty() && problem.message.len() < 4096);
        }
    }
}

/// The first problem of a manifest.
fn first(text: &str) -> String {
    let report =
        manifest::parse("f.yaml", Path::new("/project"), text).expect_err("the text is refused");
    report.diagnostics[0].message.clone()
}

fn good() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let manifests = fs::read_dir(root.join("manifests/good")).unwrap();
    let mut texts: Vec<String> = manifests
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for entry in fs::read_dir(root.join("projects")).unwrap() {
        let found = project::find(&entry.unwrap().path()).unwrap();
        texts.push(fs::read_to_string(found.file).unwrap());
    }
    texts.sort();
    texts
}

/// A good text with some of its lines dropped, doubled, swapped, moved or spoiled.
fn mutated() -> impl Strategy<Value = String> {
    let change = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..9_usize,
        "\\PC{0,6}",
    );
    (
        prop::sample::select(good()),
        prop::collection::vec(change, 1..6),
    )
        .prop_map(|(text, changes)| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            for (at, other, kind, junk) in changes {
                if lines.is_empty() {
                    break;
                }
                let (at, other) = (at.index(lines.len()), other.index(lines.len()));
                match kind {
                    0 => drop(lines.remove(at)),
                    1 => lines.insert(at, lines[other].clone()),
                    2 => lines.swap(at, other),
                    3 => lines[at].insert(0, ' '),
                    4 => lines[at] = lines[at].trim_start().to_owned(),
                    5 => lines[at].push_str(&junk),
                    6 => lines[at].insert_str(0, &junk),
                    7 => lines[at] = lines[at].replace(':', ": &a *a"),
                    _ => lines[at] = lines[at].chars().rev().collect(),
                }
            }
            lines.join("\n")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_read_with_a_panic(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn no_text_of_markup_is_read_with_a_panic(text in "[-:\\[\\]{}&*#'\"|>%@!?,. \n\r\ta0é\u{feff}]{0,64}") {
        read(&text);
    }

    #[test]
    fn any_value_of_a_limit_or_path_is_taken_or_refused_in_its_place(
        key in prop::sample::select(vec![
            "memory", "cpu", "request-timeout", "max-in-flight", "max-queue", "queue-wait", "memori", "",
        ]),
        value in "[-+0-9a-zA-Z.%/ ?#٣é]{0,12}",
    ) {
        read(&format!(
            "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {{name: a}}\nspec:\n  \
             components: [{{name: a, image: 'file:a', localResources: {{memoryLimitMb: {value}, cpuLimit: {value}, \
             config: {{'weft.dev/{key}': '{value}'}}}}}}]\n  \
             hostInterfaces: [{{namespace: wasi, package: http, interfaces: ['{value}'], config: {{path: '{value}'}}}}]\n"
        ));
        read(&format!("workload: {{config: {{'weft.dev/{key}': '{value}'}}}}"));
    }

    #[test]
    fn no_damaged_file_is_read_with_a_panic(text in mutated()) {
        read(&text);
    }
}

#[test]
fn deep_nesting_is_refused_in_every_language() {
    let depth = 200_000;
    for text in [
        format!("a: {}", "[".repeat(depth)),
        format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        format!("a: {}", "{a: ".repeat(depth)),
        "- ".repeat(depth),
        "? ".repeat(depth),
        format!("a = {}", "[".repeat(depth)),
        format!("a = {}", "{a = ".repeat(depth)),
        format!("a{} = 1", ".a".repeat(depth)),
        format!("[a{}]", ".a".repeat(depth)),
        format!(
            "x = {}1{}",
            format!("{{a{} = ", ".a".repeat(75)).repeat(75),
            "}".repeat(75)
        ),
        (0..2000)
            .map(|level| format!("{}a:\n", " ".repeat(level)))
            .collect(),
    ] {
        read(&text);
        assert!(manifest::parse("f", Path::new("/"), &text).is_err());
    }
}

#[test]
fn aliases_that_nest_without_limit_are_refused() {
    let mut text = String::from("a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n");
    for level in 1..2000 {
        text.push_str(&format!(
            "a{level}: &a{level} [[[[[[[[[[*a{}]]]]]]]]]]\n",
            level - 1
        ));
    }
    assert_eq!(
        first(&text),
        "lists and mappings nest more than 64 levels deep"
    );
}

#[test]
fn aliases_that_double_text_are_refused() {
    let mut text = format!("a0: &a0 {}\n", "x".repeat(100_000));
    for level in 1..30 {
        text.push_str(&format!(
            "a{level}: &a{level} [*a{}, *a{}]\n",
            level - 1,
            level - 1
        ));
    }
    assert!(first(&text).starts_with("the document grows too large here"));
}

#[test]
fn a_file_of_millions_of_tiny_values_is_refused() {
    assert!(
        first(&format!("[{}]", "0,".repeat(1_500_000)))
            .starts_with("the document grows too large here")
    );
}

#[test]
fn a_file_of_ten_megabytes_is_refused_unread() {
    assert_eq!(
        first(&"a: b\n".repeat(2_000_000)),
        "the file has 10 MiB, more than the 4 MiB that are read"
    );
}

#[test]
fn references_that_multiply_a_large_config_map_are_refused() {
    let mut text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big}}\ndata: {{A: {}}}\n",
        "x".repeat(1_000_000)
    );
    text.push_str("---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {name: hello}\n");
    text.push_str("spec:\n  components:\n");
    for number in 0..100 {
        text.push_str(&format!("  - name: c{number}\n    image: file:a.wasm\n"));
        text.push_str("    localResources: {environment: {configFrom: [{name: big}]}}\n");
    }
    assert_eq!(
        first(&text),
        "the settings of this file take more than 48 MiB in all"
    );
}

#[test]
fn thousands_of_problems_are_counted_and_not_listed() {
    let fields: String = (0..5000)
        .map(|number| format!("unknown{number}: 1\n"))
        .collect();
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{fields}");
    let report =
        manifest::parse("f.yaml", Path::new("/"), &text).expect_err("the fields are unknown");
    assert_eq!(report.diagnostics.len(), 50);
    assert_eq!(report.omitted, 4950);
    assert!(
        report
            .to_string()
            .ends_with("\nf.yaml: and 4950 more problems")
    );
}

#[test]
fn a_key_as_long_as_the_file_is_cut_in_messages() {
    let long = "y".repeat(3_000_000);
    read(&format!(
        "apiVersion: v1\nkind: {long}\nmetadata: {{name: {long}}}"
    ));
    read(&format!("'{long}': 1"));
    read(&format!("{{\"{long}\": 1}}"));
}

#[test]
fn the_time_to_read_a_file_does_not_grow_with_its_square() {
    let head =
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {name: a}\nspec:\n";
    let component = "  components: [{name: a, image: a, localResources:";
    let each = |count: usize, part: &str| -> String {
        (0..count)
            .map(|n| part.replace('#', &n.to_string()))
            .collect()
    };
    let mounts = each(60_000, "{name: m#, mountPath: /#},");
    let volumes = each(60_000, "{name: v#},");
    let keys = each(100_000, "weft.dev/memor#: v,");
    let references = each(50_000, "{name: r#},");
    let maps = each(
        30_000,
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c#}\n",
    );
    let start = Instant::now();
    for text in [
        format!("{head}{component} {{volumeMounts: [{mounts}]}}}}]\n  volumes: [{volumes}]\n"),
        format!("{head}{component} {{environment: {{configFrom: [{references}]}}}}}}]\n{maps}"),
        format!("{head}{component} {{config: {{{keys}}}}}}}]\n"),
        each(300_000, "k#: v\n"),
        "- - - a\n".repeat(500_000),
    ] {
        read(&text);
    }
    // About 5 s in a development build; seeking each name among all others would take many minutes.
    assert!(
        start.elapsed() < Duration::from_mins(1),
        "{:?}",
        start.elapsed()
    );
}
