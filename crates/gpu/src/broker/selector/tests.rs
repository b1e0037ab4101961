//! Selectors: what is written is what is meant, and what is refused says what may be written.

use proptest::prelude::*;

use super::*;

fn refusal(text: &str) -> String {
    text.parse::<Selector>().unwrap_err().to_string()
}

#[test]
fn every_form_is_read() {
    let uuid = "uuid:GPU-8c5c0fbb-3f1d-4f7a-9d2e-0b6a1c2d3e4f";
    for text in [
        "auto",
        "off",
        "software",
        "pci:0000:01:00.0",
        "pci:10000:e1:1f.7",
        uuid,
        "kind:sriov-vf",
        "kind:mig",
        "kind:physical",
        "kind:software",
        "name:*RTX*",
        "name:a:b",
        "index:0",
    ] {
        let selector: Selector = text.parse().unwrap();
        assert_eq!(selector.to_string(), text);
    }
    let short: Selector = "pci:01:00.0".parse().unwrap();
    assert_eq!(short.to_string(), "pci:0000:01:00.0");
    assert_eq!(" auto ".parse(), Ok(Selector::Auto));
}

#[test]
fn a_uuid_is_the_same_with_and_without_its_prefix() {
    let digits = "8C5C0FBB-3f1d-4f7a-9d2e-0b6a1c2d3e4f";
    let with: Selector = format!("uuid:GPU-{digits}").parse().unwrap();
    let without: Selector = format!("uuid:{digits}").parse().unwrap();
    assert_eq!(with, without);
}

#[test]
fn a_refusal_says_what_was_probably_meant() {
    for (written, meant) in [
        ("aut", "did you mean `auto`?"),
        ("Software", "did you mean `software`?"),
        ("cpu", "did you mean `software`?"),
        ("none", "did you mean `off`?"),
        ("0000:01:00.0", "did you mean `pci:0000:01:00.0`?"),
        (
            "GPU-8c5c0fbb-3f1d-4f7a-9d2e-0b6a1c2d3e4f",
            "did you mean `uuid:GPU-8c5c",
        ),
        ("1", "did you mean `index:1`?"),
        ("mig", "did you mean `kind:mig`?"),
        ("nmae:*H100*", "did you mean `name:*H100*`?"),
        ("kind:sriov", "did you mean `sriov-vf`?"),
        ("kind:virtual", "`sriov-vf`, `mig`"),
        ("pci:1:0:0", "for example `pci:0000:01:00.0`"),
        ("pci:0000:01:20.0", "is not a PCI address"),
        ("pci:+000:01:00.0", "is not a PCI address"),
        ("uuid:GPU-1", "32 hexadecimal digits"),
        (
            "uuid:MIG-GPU-8c5c0fbb-3f1d-4f7a-9d2e-0b6a1c2d3e4f/1/0",
            "32 hexadecimal digits",
        ),
        ("index:-1", "a number of `weft gpu list`"),
        ("index:+1", "a number of `weft gpu list`"),
        ("index:99999999999", "a number of `weft gpu list`"),
        ("name:", "name:*RTX*"),
        ("", "write one of `auto`, `off`"),
        ("?!", "for example `pci:0000:01:00.0`"),
    ] {
        let refusal = refusal(written);
        assert!(refusal.contains(meant), "{written}: {refusal}");
    }
}

#[test]
fn a_refusal_is_short_and_one_line() {
    assert!(refusal(&"x".repeat(10_000)).len() < 100);
    assert!(!refusal("a\nb\u{1b}[31m").contains(['\n', '\u{1b}']));
}

#[test]
fn a_pattern_matches_the_whole_name_whatever_its_case() {
    let matches = |pattern: &str, name: &str| Pattern(pattern.to_owned()).matches(name);
    assert!(matches("*rtx*6000*", "NVIDIA RTX PRO 6000 Blackwell"));
    assert!(matches("llvmpipe*", "llvmpipe (LLVM 15.0.6, 256 bits)"));
    assert!(matches("?00", "H00") && matches("*", "") && matches("a**b", "ab"));
    assert!(!matches("RTX", "NVIDIA RTX") && !matches("?", "") && !matches("a*b", "abc"));
    // A pattern that looks for many stars does not look for ever.
    assert!(!matches(&"*a".repeat(100), &"a".repeat(50)));
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(selector in selectors()) {
        prop_assert_eq!(selector.to_string().parse::<Selector>(), Ok(selector));
    }

    #[test]
    fn any_text_is_read_or_refused_in_words(text in any::<String>()) {
        if let Err(error) = text.parse::<Selector>() {
            prop_assert!(error.to_string().len() < 1000);
        }
    }

    #[test]
    fn what_is_nearly_a_selector_is_read_or_refused(
        text in "(pci|uuid|kind|name|index|auto|:|\\.|-|GPU|[0-9a-f]|\u{e9}){0,24}",
    ) {
        if let Ok(selector) = text.parse::<Selector>() {
            prop_assert_eq!(selector.to_string().parse::<Selector>(), Ok(selector));
        }
    }

    #[test]
    fn a_pattern_with_a_star_around_a_part_finds_it(name in "[a-zA-Z0-9 ]{1,40}", at in 0usize..40, of in 0usize..40) {
        let (at, of) = (at.min(name.len()), of.min(name.len()));
        let part = &name[at.min(of)..at.max(of)];
        let pattern = Pattern(format!("*{part}*"));
        prop_assert!(pattern.matches(&name));
    }
}

fn selectors() -> impl Strategy<Value = Selector> {
    let address =
        (any::<u32>(), any::<u8>(), 0u8..32, 0u8..8).prop_map(|(domain, bus, device, function)| {
            format!("{domain:04x}:{bus:02x}:{device:02x}.{function}")
                .parse()
                .unwrap()
        });
    prop_oneof![
        Just(Selector::Auto),
        Just(Selector::Off),
        Just(Selector::Software),
        address.prop_map(Selector::Pci),
        any::<[u8; 16]>().prop_map(|bytes| Selector::Uuid(Uuid::gpu(bytes))),
        any::<[u8; 16]>().prop_map(|bytes| Selector::Uuid(Uuid::plain(bytes))),
        proptest::sample::select(Kind::ALL.to_vec()).prop_map(Selector::Kind),
        "[!-~]([ -~]{0,30}[!-~])?".prop_map(|pattern| Selector::Name(Pattern(pattern))),
        any::<u32>().prop_map(Selector::Index),
    ]
}
