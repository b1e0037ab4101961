//! The keys of limits: what each accepts, what it says about the rest, and that nothing is dropped in silence.

use proptest::prelude::*;

use super::*;

/// What one key with one value gives.
fn set(key: &str, text: &str) -> Result<Limits, String> {
    let mut config = BTreeMap::from([(key.to_owned(), text.to_owned())]);
    let limits = Limits::take_from(&mut config);
    assert!(
        config.is_empty()
            || limits
                .as_ref()
                .is_ok_and(|limits| *limits == Limits::default())
    );
    limits
}

fn memory(text: &str) -> Result<u64, String> {
    set("weft.dev/memory", text).map(|limits| limits.memory.unwrap())
}

fn cpu(text: &str) -> Result<u32, String> {
    set("weft.dev/cpu", text).map(|limits| limits.cpu.unwrap())
}

#[test]
fn memory_is_bytes_or_has_a_unit_with_or_without_a_b() {
    for (text, bytes) in [
        ("64Ki", 65_536),
        ("65536", 65_536),
        ("256Mi", 268_435_456),
        ("256MiB", 268_435_456),
        ("1Gi", 1_073_741_824),
        ("0.5Gi", 536_870_912),
        ("512M", 512_000_000),
        ("512MB", 512_000_000),
        ("65537B", 65_537),
        ("1e8", 100_000_000),
        ("1Ti", 1 << 40),
    ] {
        assert_eq!(memory(text), Ok(bytes), "{text}");
    }
}

#[test]
fn memory_outside_of_what_is_possible_is_refused_with_what_is() {
    for text in [
        "0",
        "-1",
        "-256Mi",
        "65535",
        "63Ki",
        "256m",
        "1099511627777",
        "1025Gi",
        "2Ti",
        "1Ei",
        "1e400",
        "1e-400",
    ] {
        let why = memory(text).expect_err(text);
        let start = format!("`weft.dev/memory` must be from `64Ki` to `1Ti`, but is `{text}`");
        assert!(why.starts_with(&start), "{why}");
    }
}

#[test]
fn a_likely_slip_with_a_unit_is_named() {
    assert!(
        memory("256")
            .unwrap_err()
            .ends_with("did you mean `256Mi`?")
    );
    assert!(memory("256m").unwrap_err().ends_with("write `M` or `Mi`"));
    assert!(cpu("1500").unwrap_err().ends_with("did you mean `1500m`?"));
    assert!(cpu("0.0015").unwrap_err().ends_with("write `2m`"));
    for (key, text) in [
        ("memory", "0"),
        ("memory", "9999999999999"),
        ("cpu", "0"),
        ("cpu", "99999999999"),
    ] {
        assert!(
            !set(&format!("weft.dev/{key}"), text)
                .unwrap_err()
                .contains("mean"),
            "{text}"
        );
    }
}

#[test]
fn cpu_is_cores_or_thousandths() {
    for (text, milli) in [
        ("1m", 1),
        ("500m", 500),
        ("1500m", 1500),
        ("2", 2000),
        ("0.5", 500),
        (".001", 1),
        ("1e-3", 1),
        ("1000u", 1),
        ("1024", 1_024_000),
        ("1k", 1_000_000),
    ] {
        assert_eq!(cpu(text), Ok(milli), "{text}");
    }
    for text in ["0", "-1", "-500m", "1025", "1024001m", "1e400", "1Gi"] {
        assert!(
            cpu(text)
                .unwrap_err()
                .contains("must be from `1m` to `1024` cores"),
            "{text}"
        );
    }
    for text in ["100u", "0.5m", "1.0005", "1e-400"] {
        assert!(
            cpu(text)
                .unwrap_err()
                .contains("finer than a thousandth of a core"),
            "{text}"
        );
    }
}

#[test]
fn times_and_counts_have_their_ranges() {
    let limits = |key: &str, text: &str| set(&format!("weft.dev/{key}"), text);
    let time = |text| limits("request-timeout", text).map(|limits| limits.request_timeout.unwrap());
    assert_eq!(time("1ms"), Ok(Duration::from_millis(1)));
    assert_eq!(time("1m 30s"), Ok(Duration::from_secs(90)));
    assert_eq!(time("24h"), Ok(Duration::from_hours(24)));
    for text in ["0s", "999us", "24h 1ns", "500d"] {
        assert!(
            time(text)
                .unwrap_err()
                .contains("must be from `1ms` to `24h`"),
            "{text}"
        );
    }
    let wait = |text| limits("queue-wait", text).map(|limits| limits.queue_wait.unwrap());
    assert_eq!(wait("0s"), Ok(Duration::ZERO));
    assert!(
        wait("25h")
            .unwrap_err()
            .contains("must be from `0s` to `24h`")
    );
    assert!(wait("5").unwrap_err().contains("is not a duration"));
    assert_eq!(limits("max-queue", "0").unwrap().max_queue, Some(0));
    assert_eq!(limits("max-in-flight", "1").unwrap().max_in_flight, Some(1));
    assert_eq!(
        limits("max-in-flight", "1000000").unwrap().max_in_flight,
        Some(1_000_000)
    );
    for text in [
        "0",
        "1000001",
        "-1",
        "+1",
        " 5",
        "",
        "0x10",
        "1e3",
        "1.0",
        "1_000",
        "٣",
        "99999999999999999999",
    ] {
        let why = limits("max-in-flight", text).expect_err(text);
        assert!(
            why.contains("must be a whole number from 1 to 1000000"),
            "{why}"
        );
    }
}

#[test]
fn hostile_amounts_are_refused() {
    for text in [
        "",
        " ",
        " 5",
        "5 ",
        "0x10",
        "1e400Gi",
        "1e",
        "٢٥٦Mi",
        "２５６Mi",
        "256Mі",
        "256mib",
        "256mb",
        "256 Mi",
        "1K",
        "∞",
        "NaN",
        "B",
        "MiB",
        "256BB",
        "--1",
        "1/2",
        "0b11",
        "1,5",
    ] {
        assert!(
            memory(text)
                .unwrap_err()
                .contains("is not an amount of memory"),
            "{text}"
        );
        assert!(
            cpu(text)
                .unwrap_err()
                .contains("is not an amount of processor time"),
            "{text}"
        );
    }
    let long = "9".repeat(1_000_000);
    assert!(memory(&long).unwrap_err().len() < 1000);
    assert!(cpu(&long).unwrap_err().len() < 1000);
    assert!(set("weft.dev/max-queue", &long).unwrap_err().len() < 1000);
    assert!(set(&format!("weft.dev/{long}"), "1").unwrap_err().len() < 1000);
}

#[test]
fn an_unknown_limit_is_refused_with_the_nearest_one() {
    for (key, nearest) in [
        ("weft.dev/memori", "weft.dev/memory"),
        ("weft.dev/max_in_flight", "weft.dev/max-in-flight"),
        ("weft.dev/requestTimeout", "weft.dev/request-timeout"),
        ("WEFT.dev/cpu", "weft.dev/cpu"),
    ] {
        let why = set(key, "1").expect_err(key);
        assert_eq!(
            why,
            format!("unknown limit `{key}`; did you mean `{nearest}`?")
        );
    }
    let why = set("weft.dev/", "1").unwrap_err();
    assert!(
        why.contains("known names: `weft.dev/memory`, `weft.dev/cpu`"),
        "{why}"
    );
}

#[test]
fn keys_of_the_guest_stay_and_keys_of_the_host_go() {
    let pairs = [
        ("max_in_flight", "8"),
        ("weft.dev", "a"),
        ("weft.deviation/a", "b"),
        ("my.weft.dev/memory", "c"),
        ("weft.dev/memory", "1Gi"),
        ("weft.dev/max-queue", "5"),
    ];
    let mut config: BTreeMap<String, String> = pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let limits = Limits::take_from(&mut config).unwrap();
    let kept: Vec<&str> = config.keys().map(String::as_str).collect();
    assert_eq!(
        kept,
        [
            "max_in_flight",
            "my.weft.dev/memory",
            "weft.dev",
            "weft.deviation/a"
        ]
    );
    let expected = Limits {
        memory: Some(1 << 30),
        max_queue: Some(5),
        ..Limits::default()
    };
    assert_eq!(limits, expected);
}

#[test]
fn a_limit_wins_over_that_of_the_base_and_leaves_the_others() {
    let of = |memory, cpu| Limits {
        memory,
        cpu,
        ..Limits::default()
    };
    assert_eq!(
        of(Some(1), None).over(&of(Some(2), Some(3))),
        of(Some(1), Some(3))
    );
    assert_eq!(
        Limits::default().over(&of(None, Some(3))),
        of(None, Some(3))
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_value_within_the_range_or_a_message(text in ".{0,70}") {
        for key in KEYS {
            let Ok(limits) = set(&format!("weft.dev/{key}"), &text) else {
                continue;
            };
            prop_assert_ne!(&limits, &Limits::default());
            prop_assert!(limits.memory.is_none_or(|bytes| (65_536..=1 << 40).contains(&bytes)));
            prop_assert!(limits.cpu.is_none_or(|milli| (1..=1_024_000).contains(&milli)));
            prop_assert!(limits.request_timeout.is_none_or(|time| time >= Duration::from_millis(1)));
        }
    }

    #[test]
    fn amounts_of_memory_round_trip(bytes in 65_536..=1_u64 << 40) {
        for text in [format!("{bytes}"), format!("{bytes}B"), format!("{bytes}000m"), format!("{bytes}e0")] {
            prop_assert_eq!(memory(&text), Ok(bytes));
        }
        let kib = bytes / 1024;
        for text in [format!("{kib}Ki"), format!("{kib}KiB"), format!("{kib}.0Ki")] {
            prop_assert_eq!(memory(&text), Ok(kib * 1024));
        }
    }

    #[test]
    fn amounts_of_processor_time_round_trip(milli in 1..=1_024_000_u32) {
        let cores = format!("{}.{:03}", milli / 1000, milli % 1000);
        for text in [format!("{milli}m"), cores, format!("{milli}e-3"), format!("{milli}000u")] {
            prop_assert_eq!(cpu(&text), Ok(milli));
        }
    }

    #[test]
    fn times_and_counts_round_trip(millis in 1..=86_400_000_u64, count in 1..=1_000_000_u32) {
        let time = set("weft.dev/request-timeout", &format!("{millis}ms")).unwrap();
        prop_assert_eq!(time.request_timeout, Some(Duration::from_millis(millis)));
        let wait = set("weft.dev/queue-wait", &format!("{millis}us")).unwrap();
        prop_assert_eq!(wait.queue_wait, Some(Duration::from_micros(millis)));
        let queue = set("weft.dev/max-queue", &count.to_string()).unwrap();
        prop_assert_eq!(queue.max_queue, Some(count));
        let flight = set("weft.dev/max-in-flight", &count.to_string()).unwrap();
        prop_assert_eq!(flight.max_in_flight, Some(count));
    }
}
