//! The same places in all three languages.

use std::path::Path;

use crate::project::{Format, parse_with_outline};

#[test]
fn each_value_has_its_line_whatever_the_language() {
    for (format, text) in [
        (
            Format::Yaml,
            "configs:\n  app:\n    inline:\n      A: x\n    fromEnv:\n      - B\n",
        ),
        (
            Format::Json,
            "{\"configs\":\n  {\"app\":\n    {\"inline\":\n      {\"A\": \"x\"},\n    \"fromEnv\": [\n      \"B\"]}}}",
        ),
        (
            Format::Toml,
            "\n\n[configs.app]\ninline.A = \"x\"\nfromEnv = [\n  \"B\"\n]\n",
        ),
    ] {
        let (_, outline) = parse_with_outline("f", Path::new("/"), text, format)
            .unwrap_or_else(|report| panic!("{report}"));
        let leaves = outline.leaves().into_iter();
        let shown =
            leaves.map(|leaf| format!("{} {}={}", leaf.line, leaf.path.join("."), leaf.value));
        let shown: Vec<String> = shown.collect();
        assert_eq!(
            shown,
            ["4 configs.app.inline.A=x", "6 configs.app.fromEnv.0=B"],
            "{format:?}"
        );
        assert_eq!(outline.line_of(&["configs", "app", "fromEnv", "0"]), 6);
        assert_eq!(
            outline.line_of(&["configs", "app", "inline", "none", "deeper"]),
            outline.line_of(&["configs", "app", "inline"])
        );
        assert!(!format!("{outline:?}").contains('x'));
    }
}

#[test]
fn an_empty_file_has_no_places() {
    let (_, outline) = parse_with_outline("f", Path::new("/"), "", Format::Yaml).unwrap();
    assert!(outline.leaves().is_empty());
    assert_eq!(outline.line_of(&["workload"]), 1);
}
