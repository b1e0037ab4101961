//! What of a file may be shown beside a problem in it. A file that holds secrets is read by people who may not see them: in
//! a terminal that is shared, in the log of a build.

use super::Span;

/// Words that files with secrets have. A file that only looks like one loses nothing but the look of its lines.
const SIGNS: [&str; 5] = ["secret", "password", "passwd", "token", "_url"];

/// Whether a file may hold secrets.
pub(crate) fn is_sensitive(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// The text with all values covered but those that `shown` has: a name and what follows it up to the value stay, and so
/// does every place, byte for byte.
pub(crate) fn masked(text: &str, shown: &[Span]) -> String {
    let mut masked = Vec::with_capacity(text.len());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let value = value_of(line);
        for (index, byte) in line.bytes().enumerate() {
            let at = start + index;
            let open = index < value
                || matches!(byte, b'\n' | b'\r' | b' ')
                || shown
                    .iter()
                    .any(|span| (span.start..span.end).contains(&at));
            masked.push(if open { byte } else { b'*' });
        }
        start += line.len();
    }
    // Spans are on the boundaries of characters, and so are the ends of names.
    String::from_utf8(masked).unwrap_or_default()
}

/// A message of a parser about the place `at`, without the words that stand in a value there: parsers quote what they
/// stumble over.
pub(crate) fn redacted(message: &str, text: &str, at: usize) -> String {
    let start = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |newline| newline + 1);
    let line = text.get(start..).unwrap_or_default();
    let line = line.lines().next().unwrap_or_default();
    let value = line.get(value_of(line)..).unwrap_or_default();
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let values: Vec<&str> = value.split(|c| !inner(c)).collect();
    let mut redacted = String::with_capacity(message.len());
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest.find(|c| !inner(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let is_value = !word.is_empty() && values.contains(&word);
        redacted.push_str(if is_value { "…" } else { word });
        let gap = after.find(inner).unwrap_or(after.len());
        let (between, next) = after.split_at(gap);
        redacted.push_str(between);
        rest = next;
    }
    redacted
}

/// Where the value of a line begins. A line that does not begin with a plain name is a value as a whole.
fn value_of(line: &str) -> usize {
    let name = line.trim_start_matches([' ', '-']);
    let indent = line.len() - name.len();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let end = name.find(|c| !plain(c)).unwrap_or_default();
    let after = name.get(end..).unwrap_or_default();
    let separator = after.trim_start().starts_with([':', '=']);
    if end > 0 && separator {
        let gap = after.len() - after.trim_start().len();
        return indent + end + gap + 1;
    }
    // The header of a table, the start of a document, a comment or an empty line.
    match name.starts_with("[") && name.trim_end().ends_with(']') && !name.contains('"') {
        true => line.len(),
        false => indent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_and_values_do_not() {
        let text = "kind: Secret\nstringData:\n  password: \"hunter2\" # swordfish\n  - item\nplain text\n[a.b]\nkey = 'x'\n";
        insta::assert_snapshot!(masked(text, &[]), @r"
        kind: ******
        stringData:
          password: ********* * *********
          - ****
        ***** ****
        [a.b]
        key = ***
        ");
    }

    #[test]
    fn what_the_problem_points_at_is_shown_in_its_place() {
        let text = "a: secret\nimage: ngnix:latest\n";
        let at = text.find("ngnix").unwrap();
        let span = Span {
            start: at,
            end: at + 5,
        };
        assert_eq!(masked(text, &[span]), "a: ******\nimage: ngnix*******\n");
    }

    #[test]
    fn every_byte_keeps_its_place_whatever_the_characters_are() {
        let text = "é: ü\r\n\"k\": \"ünï\"\r\n";
        let masked = masked(text, &[]);
        assert_eq!(masked.len(), text.len());
        assert!(!masked.contains('ü') && masked.contains("\r\n"));
    }

    #[test]
    fn what_a_parser_quotes_of_a_value_is_left_out() {
        let text = "a: b\n  password: *hunter2\n";
        let at = text.find('*').unwrap();
        let told = redacted("unknown anchor `hunter2` of password", text, at);
        assert_eq!(told, "unknown anchor `…` of password");
        let told = redacted("`hunter2` is not JSON", r#"{"k": hunter2}"#, 6);
        assert_eq!(told, "`…` is not JSON");
    }

    #[test]
    fn a_line_with_several_values_is_covered_whole() {
        let text = r#"{"stringData": {"password": "hunter2"}}"#;
        assert!(!masked(text, &[]).contains("hunter2"));
        let text = "stringData: {password: hunter2}";
        assert_eq!(masked(text, &[]), "stringData: ********** ********");
    }
}
