//! Quantities: what Kubernetes accepts, exactly; and what nobody should.

use proptest::prelude::*;

use super::*;

#[test]
fn units_and_exponents_mean_what_they_mean_in_kubernetes() {
    for (text, bytes) in [
        ("0", 0),
        ("1", 1),
        ("128974848", 128_974_848),
        ("129e6", 129_000_000),
        ("129M", 129_000_000),
        ("128974848000m", 128_974_848),
        ("123Mi", 128_974_848),
        ("1.5Gi", 1_610_612_736),
        ("+1Ki", 1024),
        (".5Ki", 512),
        ("1.", 1),
        ("007", 7),
        ("1e3", 1_000),
        ("1E3", 1_000),
        ("1E+3", 1_000),
        ("12000e-3", 12),
        ("1E", 1_000_000_000_000_000_000),
        ("1Ei", 1 << 60),
        ("1Pi", 1 << 50),
        ("2P", 2_000_000_000_000_000),
        ("5k", 5_000),
        ("3000000u", 3),
        ("4000000000n", 4),
        ("99999999999999999999", 99_999_999_999_999_999_999),
        (
            "00000000000000000000000000000000000001.00000000000000000000",
            1,
        ),
    ] {
        let quantity = Quantity::parse(text).expect(text);
        assert_eq!(quantity.rounded_up(0), Some(bytes), "{text}");
        assert!(quantity.is_whole(0), "{text}");
    }
}

#[test]
fn fractions_are_rounded_up_and_said_to_be_fractions() {
    for (text, bytes) in [
        ("0.3Gi", 322_122_548),
        ("1m", 1),
        ("1001m", 2),
        ("1e-400", 1),
        ("1e-99999999999999999999", 1),
        ("0.00000000000000000001", 1),
    ] {
        let quantity = Quantity::parse(text).expect(text);
        assert_eq!(quantity.rounded_up(0), Some(bytes), "{text}");
        assert!(!quantity.is_whole(0), "{text}");
    }
}

#[test]
fn what_is_below_zero_or_beyond_128_bits_has_no_value() {
    for text in ["-1", "-0.5Gi", "1e400", "1e99999999999999999999", "9e38"] {
        assert_eq!(
            Quantity::parse(text).expect(text).rounded_up(0),
            None,
            "{text}"
        );
    }
    assert_eq!(Quantity::parse("-0").unwrap().rounded_up(0), Some(0));
    assert_eq!(
        Quantity::parse("0e99999999999").unwrap().rounded_up(3),
        Some(0)
    );
}

#[test]
fn other_texts_are_no_quantities() {
    for text in [
        "",
        " ",
        " 5",
        "5 ",
        "5 Mi",
        ".",
        "+",
        "-",
        "--1",
        "+-1",
        "Mi",
        "e3",
        "1e",
        "1e+",
        "1e3Mi",
        "1e400Gi",
        "1e1.5",
        "1K",
        "1KI",
        "1mi",
        "1MI",
        "1Mib",
        "1MiB",
        "1B",
        "0x10",
        "1_000",
        "1,5",
        "1.5.5",
        "inf",
        "nan",
        "٣Mi",
        "１２",
        "1Mі",
        "1\u{200b}Mi",
        "\u{2212}1",
        "1\0",
        "123456789012345678901",
        "1.00000000000000000001",
    ] {
        assert_eq!(Quantity::parse(text), None, "{text:?}");
    }
    assert_eq!(
        Quantity::parse(&"0".repeat(64)).unwrap().rounded_up(0),
        Some(0)
    );
    assert_eq!(Quantity::parse(&"0".repeat(65)), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in ".{0,70}", digits in -400..400_i32) {
        if let Some(quantity) = Quantity::parse(&text) {
            let _ = (quantity.rounded_up(digits), quantity.is_whole(digits));
        }
    }

    #[test]
    fn nothing_that_looks_like_a_quantity_makes_it_panic(
        text in "[-+]?[0-9]{0,25}\\.?[0-9]{0,25}([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{0,12})?",
        digits in -400..400_i32,
    ) {
        if let Some(quantity) = Quantity::parse(&text) {
            let _ = (quantity.rounded_up(digits), quantity.is_whole(digits));
        }
    }

    #[test]
    fn every_way_to_write_a_number_gives_that_number(number in any::<u32>()) {
        for text in [
            format!("{number}"),
            format!("{number}000m"),
            format!("{number}e0"),
            format!("{number}00e-2"),
            format!("0.{number:010}e10"),
        ] {
            let quantity = Quantity::parse(&text).unwrap();
            prop_assert_eq!(quantity.rounded_up(0), Some(u128::from(number)), "{}", text);
            prop_assert!(quantity.is_whole(0));
        }
        let kib = Quantity::parse(&format!("{number}Ki")).unwrap();
        prop_assert_eq!(kib.rounded_up(0), Some(u128::from(number) * 1024));
    }
}
