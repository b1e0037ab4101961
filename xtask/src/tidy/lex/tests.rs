//! What is code, what is comment, what is neither.
use super::*;

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn comments_of_all_kinds_are_not_code() {
    let lexed = lex("//! doc\nlet a = 1; // one /* not two\n/* out /* in */ still */ let b;");
    assert_eq!(squeezed(&lexed.code), "let a = 1; let b;");
    assert!(
        lexed.comments.contains("one")
            && lexed.comments.contains("still")
            && !lexed.comments.contains("let a")
    );
}

#[test]
fn strings_of_all_kinds_are_neither() {
    let lexed =
        lex(r####"f("a // \" b", r#"c " d"#, b"e", br##"f"# g"##, 'h', '"', '\'', 'ü'); // x"####);
    assert_eq!(squeezed(&lexed.code), "f( , , b , , , , , );");
    assert_eq!(squeezed(&lexed.comments), "// x");
}

#[test]
fn lifetimes_and_raw_names_are_code() {
    let source = "fn f<'a>(r#type: &'a str, r: u8) -> &'a str { r#type }";
    assert_eq!(lex(source).code, source);
}

#[test]
fn offsets_and_lines_stay() {
    let source = "a /* ü\n */ b \"\n\" c";
    let lexed = lex(source);
    assert_eq!(lexed.code.len(), source.len());
    assert_eq!(lexed.code.find('c'), source.find('c'));
    assert_eq!(lexed.code.lines().count(), source.lines().count());
}

#[test]
fn modules_of_tests_are_not_production() {
    let lexed = lex("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { if x {} }\n}\nfn c() {}\n");
    assert_eq!(squeezed(&lexed.production), "fn a() {} fn c() {}");
    let lexed = lex("#[cfg(test)]\nmod tests;\nfn c() {}\n");
    assert_eq!(squeezed(&lexed.production), "mod tests; fn c() {}");
}

#[test]
fn a_source_that_breaks_off_is_still_taken_apart() {
    for source in [
        "\"open",
        "/* open",
        "r#\"open",
        "'",
        "'\\",
        "#[cfg(test)] mod a {",
        "mod a { \"x\" /* y",
    ] {
        assert_eq!(lex(source).code.len(), source.len(), "{source}");
    }
}
