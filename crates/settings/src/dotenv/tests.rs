//! The grammar, its problems and their places, and what never happens.

use proptest::prelude::*;

use super::{Document, MAX, Refused, names, parse, quoted};
use crate::secret::Secret;

/// An environment with `HOST` and an empty `EMPTY`.
fn environment(name: &str) -> Option<Secret> {
    match name {
        "HOST" => Some("example.org".to_owned().into()),
        "EMPTY" => Some(String::new().into()),
        _ => None,
    }
}

fn read(text: &str) -> Result<Document, Refused> {
    parse(text.as_bytes(), &environment)
}

/// All entries as `line NAME=value`.
fn entries(text: &str) -> Vec<String> {
    let document = read(text).unwrap_or_else(|refused| panic!("{text}\n{refused}"));
    let shown = |entry: super::Entry| {
        format!(
            "{} {}={}",
            entry.line,
            entry.name,
            entry.value.expose_text().unwrap()
        )
    };
    document.entries.into_iter().map(shown).collect()
}

/// The value of the only entry.
fn value(text: &str) -> String {
    let found = entries(text);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].split_once('=').unwrap().1.to_owned()
}

/// All problems as `line:column: message (help)`.
fn problems(text: &str) -> Vec<String> {
    let refused = read(text).expect_err(text);
    refused.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn names_values_comments_and_empty_lines() {
    let text = "# first\n\nA=1\n  B = two words  \nC=\n\t# last\nD=x";
    assert_eq!(entries(text), ["3 A=1", "4 B=two words", "5 C=", "7 D=x"]);
}

#[test]
fn export_is_read_over_and_may_itself_be_a_name() {
    assert_eq!(
        entries("export A=1\nexport\tB=2\nexport=3\nexport = 4"),
        ["1 A=1", "2 B=2", "4 export=4"]
    );
    assert!(problems("export A")[0].starts_with("1:8: `export` gives no value here"));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_no_part_of_anything() {
    assert_eq!(
        entries("\u{feff}A=1\r\nB='x\r\ny'\r\nC=\"x\r\ny\"\r\n"),
        ["1 A=1", "2 B=x\ny", "4 C=x\ny"]
    );
}

#[test]
fn a_comment_behind_a_value_needs_white_space_before_it() {
    for (text, expected) in [
        ("A=b # c", "b"),
        ("A=b\t#c", "b"),
        ("A=#fff", "#fff"),
        ("A=b#c", "b#c"),
        ("A= # c", ""),
        ("A='b' # c", "b"),
        ("A=\"b # c\"#", "b # c"),
    ] {
        if text.ends_with("\"#") {
            assert!(problems(text)[0].contains("text follows the closing quote"));
        } else {
            assert_eq!(value(text), expected, "{text}");
        }
    }
}

#[test]
fn single_quotes_keep_everything() {
    assert_eq!(value(r"A='$HOST \n \' "), r"$HOST \n \");
    assert_eq!(
        value("A='one\n  two # no comment\n'"),
        "one\n  two # no comment\n"
    );
}

#[test]
fn double_quotes_know_a_few_escapes_and_keep_other_backslashes() {
    assert_eq!(
        value(r#"A="a\tb\n\"c\"\\ \$HOST \` \d C:\x""#),
        "a\tb\n\"c\"\\ $HOST ` \\d C:\\x"
    );
    assert_eq!(value("A=\"one\\\ntwo\nthree\""), "onetwo\nthree");
}

#[test]
fn values_without_quotes_are_as_in_the_simplest_files() {
    // All that wasmCloud's reader takes and that has no dollar sign, no quote at its start and no ` #` in it.
    for plain in [
        r"C:\dir\new",
        "it's",
        r#"{"a": 1}"#,
        "a=b=c",
        "postgres://me@db:5432/x?y=z#f",
        "100%",
        "ünïcode",
        "a  b",
    ] {
        assert_eq!(value(&format!("A={plain}")), plain);
        assert_eq!(value(&format!("  A =  {plain}  ")), plain);
    }
}

#[test]
fn names_may_be_those_of_configuration() {
    let found = entries("otel.resource.service.name=a\nweft.dev/x=b\nmy-key=c\ntls.crt=d");
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn variables_are_those_of_earlier_lines_then_of_the_environment() {
    assert_eq!(value("A=http://$HOST/x"), "http://example.org/x");
    assert_eq!(value("A=\"${HOST}:80\""), "example.org:80");
    assert_eq!(entries("HOST=own\nA=$HOST")[1], "2 A=own");
    assert_eq!(value("HOST=$HOST:1"), "example.org:1");
    assert_eq!(entries("B=1\nB=${B}2\nB=${B}3")[0], "3 B=123");
}

#[test]
fn a_dollar_sign_that_starts_no_name_is_itself() {
    for plain in ["$", "a$", "$1", "$(date)", "$$", "a $ b", "$-"] {
        assert_eq!(value(&format!("A={plain}")), plain);
    }
    assert_eq!(value(r"A=pa\$HOST"), "pa$HOST");
}

#[test]
fn defaults_stand_in_for_what_is_not_set() {
    for (text, expected) in [
        ("A=${NONE:-x}", "x"),
        ("A=${NONE-x y}", "x y"),
        ("A=${EMPTY:-x}", "x"),
        ("A=${EMPTY-x}", ""),
        ("A=${HOST:-x}", "example.org"),
        ("A=${NONE:-}", ""),
        ("A=${NONE:-${ALSO:-$HOST}}!", "example.org!"),
        (r"A=${NONE:-a\}b}", "a}b"),
        ("A=\"${NONE:-a\nb\\}}\"", "a\nb}"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn a_name_that_is_not_set_is_told_and_a_part_of_a_password_is_not() {
    let refused = read("A=${MISSING}\nB=hunter$ecret").unwrap_err();
    let [braces, bare] = refused.problems.as_slice() else {
        panic!("{refused}");
    };
    assert_eq!((braces.line, braces.column), (1, 3));
    assert_eq!(braces.unset.as_deref(), Some("MISSING"));
    assert_eq!((bare.line, bare.column), (2, 9));
    assert_eq!(bare.unset, None);
    assert!(!bare.to_string().contains("ecret"), "{bare}");
}

#[test]
fn circles_are_shown_with_all_their_names() {
    let found = problems("A=${B}\nB=x${C:-y}\nC=$A");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("1:3: the values refer to each other in a circle: A -> B -> C -> A"),
        "{found:?}"
    );
    assert!(problems("A=${A}")[0].contains("`A` refers to itself"));
}

#[test]
fn a_name_that_is_given_only_below_is_told_with_its_line() {
    let found = problems("A=$B\n\nB=1");
    assert!(
        found[0].starts_with("1:3: `B` is given only below, in line 3"),
        "{found:?}"
    );
}

#[test]
fn the_later_of_two_lines_counts_and_there_is_a_warning() {
    let document = read("A=1\nB=2\nA=3").unwrap();
    let names: Vec<_> = document
        .entries
        .iter()
        .map(|entry| (entry.name.as_str(), entry.line))
        .collect();
    assert_eq!(names, [("B", 2), ("A", 3)]);
    let warning = document.warnings[0].to_string();
    assert!(
        warning.starts_with("3:1: `A` is given twice (first in line 1)"),
        "{warning}"
    );
}

#[test]
fn all_problems_come_with_their_places_and_without_values() {
    let text = "A=1\nhunter2\n=hunter2\nB='x' hunter2\nmy hunter2=3\nC=${?hunter2}\nD=\"hunter2";
    let found = problems(text);
    let places: Vec<&str> = found
        .iter()
        .map(|problem| problem.split(": ").next().unwrap())
        .collect();
    assert_eq!(places, ["2:1", "3:1", "4:7", "5:1", "6:3", "7:3"]);
    assert!(
        found.iter().all(|problem| !problem.contains("hunter2")),
        "{found:?}"
    );
    assert_eq!(format!("{:?}", read(text)).matches("hunter2").count(), 0);
}

#[test]
fn what_is_no_text_is_refused_with_the_place() {
    for (bytes, part) in [
        (&b"A=1\nB=\xff"[..], "2:3"),
        (b"A=\0", "1:3"),
        (b"\xff\xfeA\0", "UTF-16"),
    ] {
        let refused = parse(bytes, &environment).unwrap_err();
        assert!(refused.to_string().contains(part), "{refused}");
    }
}

#[test]
fn a_value_of_a_megabyte_is_read() {
    let long = "x".repeat(1 << 20);
    assert_eq!(value(&format!("A={long}")).len(), 1 << 20);
    assert_eq!(value(&format!("A=\"{long}\\n\"")).len(), (1 << 20) + 1);
}

#[test]
fn values_that_multiply_are_refused_before_they_fill_the_memory() {
    let mut text = format!("A0={}\n", "x".repeat(1024));
    for step in 1..40 {
        let before = step - 1;
        text.push_str(&format!("A{step}=${{A{before}}}${{A{before}}}\n"));
    }
    assert!(problems(&text)[0].contains("expand to more than 16 MiB"));
    let refused = parse(&vec![b'x'; MAX + 1], &environment).unwrap_err();
    assert!(refused.to_string().contains("of at most 16"), "{refused}");
}

#[test]
fn many_problems_are_counted_and_few_are_listed() {
    let refused = read(&"no assignment\n".repeat(20_000)).unwrap_err();
    assert_eq!((refused.problems.len(), refused.omitted), (100, 19_900));
    let refused = read(&"A=${NONE}\n".repeat(20_000)).unwrap_err();
    assert_eq!(refused.problems.len(), 100);
}

#[test]
fn names_are_read_without_what_they_refer_to() {
    let found = names(b"# docs\nA=${NONE}\nexport B=\nA=2\n").unwrap();
    assert_eq!(found, [("A".to_owned(), 2), ("B".to_owned(), 3)]);
}

/// Text that comes close to the grammar.
fn like_a_file() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("A="),
        Just("B ="),
        Just("export "),
        Just("\""),
        Just("'"),
        Just("${"),
        Just("}"),
        Just(":-"),
        Just("$A"),
        Just("$B"),
        Just("\\"),
        Just("\n"),
        Just("\r\n"),
        Just("#"),
        Just(" "),
        Just("é"),
        Just("\u{feff}"),
        Just("="),
        Just("x"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = parse(&bytes, &environment);
        let _ = names(&bytes);
    }

    #[test]
    fn no_text_that_looks_like_a_file_makes_it_panic(text in like_a_file()) {
        match read(&text) {
            Ok(document) => {
                let lines = text.matches('\n').count() + 1;
                prop_assert!(document.entries.iter().all(|entry| (1..=lines).contains(&entry.line)));
            }
            Err(refused) => prop_assert!(!refused.problems.is_empty()),
        }
    }

    #[test]
    fn what_is_written_is_read_again(values in prop::collection::vec(any::<String>(), 0..8)) {
        let values: Vec<String> = values.into_iter().map(|value| value.replace('\0', "")).collect();
        let lines = values.iter().enumerate().map(|(index, value)| format!("N{index}={}\n", quoted(value)));
        let text: String = lines.collect();
        let document = read(&text).unwrap();
        let read: Vec<&str> = document.entries.iter().map(|entry| entry.value.expose_text().unwrap()).collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn any_value_without_what_is_special_is_itself_without_quotes(value in "[^\\s\"'#$\0\\\\][^\n\r#$\0\\\\]*") {
        prop_assert_eq!(super::tests::value(&format!("A={value}")), value.trim());
    }
}

/// What takes so long for a file of its size was quadratic: minutes, where these take less than a second.
fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = std::time::Instant::now();
    let done = work();
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    done
}

#[test]
fn a_long_chain_that_is_a_circle_is_told_soon_and_in_short() {
    let last = super::lex::ENTRIES_MAX - 1;
    let mut text: String = (0..last)
        .map(|n| format!("A{n}=${{A{}}}\n", n + 1))
        .collect();
    text.push_str(&format!("A{last}=${{A0}}\n"));
    let found = soon(|| problems(&text));
    assert_eq!(found.len(), 100);
    assert!(found[0].contains("in a circle: A0 -> A1"), "{}", found[0]);
    assert!(found[0].contains("… -> "), "{}", found[0]);
    assert!(found[0].len() < 500, "{}", found[0]);
}

#[test]
fn more_names_or_variables_than_anyone_has_are_refused() {
    let names: String = (0..1_500_000).map(|n| format!("A{n}=\n")).collect();
    for text in [
        names,
        format!("A={}\nB=1\n", "$B".repeat(8_000_000)),
        format!("A=\"{}\"\nB=1\n", "${B}".repeat(4_000_000)),
    ] {
        let found = soon(|| problems(&text));
        let refused = found
            .iter()
            .any(|one| one.contains("more than 10000 names"));
        assert!(refused || found.len() == 100, "{found:.200?}");
    }
}

#[test]
fn defaults_nest_a_hundred_thousand_deep_and_end_in_a_problem() {
    for quote in ["", "\""] {
        let text = format!("A={quote}{}{quote}\n", "${A:-".repeat(100_000));
        assert!(!soon(|| problems(&text)).is_empty());
    }
}
