//! Just enough of Rust's grammar to tell code, comments and literals apart. Offsets stay those of the source.

/// A source taken apart: what does not belong is blanked with spaces, line breaks stay.
#[derive(Default)]
pub(crate) struct Lexed {
    /// Without comments and literals.
    pub(crate) code: String,
    /// Comments alone.
    pub(crate) comments: String,
    /// [`Self::code`] without what only tests compile.
    pub(crate) production: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Takes `text` apart.
pub(crate) fn lex(text: &str) -> Lexed {
    let (mut code, mut comments) = (Vec::new(), Vec::new());
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let (kind, length) = token(rest);
        let (taken, left) = rest.split_at(length.clamp(1, rest.len()));
        code.extend(keep(taken, kind == Kind::Code));
        comments.extend(keep(taken, kind == Kind::Comment));
        rest = left;
    }
    let code = String::from_utf8_lossy(&code).into_owned();
    let comments = String::from_utf8_lossy(&comments).into_owned();
    Lexed {
        production: without_tests(&code),
        code,
        comments,
    }
}

fn keep(bytes: &[u8], kept: bool) -> impl Iterator<Item = u8> {
    bytes
        .iter()
        .map(move |byte| if kept || *byte == b'\n' { *byte } else { b' ' })
}

/// Kind and length of what `rest` starts with.
fn token(rest: &[u8]) -> (Kind, usize) {
    match rest {
        [b'/', b'/', ..] => (Kind::Comment, until(rest, |byte| byte == b'\n')),
        [b'/', b'*', ..] => (Kind::Comment, block_comment(rest)),
        [b'"', ..] => (Kind::Literal, quoted(rest, b'"')),
        [b'\'', b'\\', ..] => (Kind::Literal, quoted(rest, b'\'')),
        [b'\'', first, ..] => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            let is_character = rest.get(1 + width) == Some(&b'\'');
            if is_character {
                (Kind::Literal, 2 + width)
            } else {
                (Kind::Code, 1)
            } // a lifetime
        }
        _ => match until(rest, |byte| !is_word(byte)) {
            0 => (Kind::Code, until(rest, |byte| byte.is_ascii()).max(1)),
            length => word(rest, length),
        },
    }
}

/// A word is code, unless it is the prefix of a raw string.
fn word(rest: &[u8], length: usize) -> (Kind, usize) {
    let (word, after) = rest.split_at(length);
    let hashes = until(after, |byte| byte != b'#');
    if !matches!(word, b"r" | b"br" | b"cr") || after.get(hashes) != Some(&b'"') {
        return (Kind::Code, length);
    }
    let closing: Vec<u8> = [b'"']
        .into_iter()
        .chain(std::iter::repeat_n(b'#', hashes))
        .collect();
    let opened = length + hashes + 1;
    let body = rest.get(opened..).unwrap_or_default();
    let end = body
        .windows(closing.len())
        .position(|window| window == closing)
        .unwrap_or(body.len());
    (Kind::Literal, opened + end + closing.len())
}

/// The length of a literal that `rest` starts with, up to the closing `quote`.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if *byte == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) {
        match left {
            [b'/', b'*', ..] => depth += 1,
            [b'*', b'/', ..] => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn until(rest: &[u8], end: impl Fn(u8) -> bool) -> usize {
    rest.iter()
        .position(|byte| end(*byte))
        .unwrap_or(rest.len())
}

/// Whether `byte` may be part of a name.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Blanks every `#[cfg(test)] mod … { … }`.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        let (before, block) = rest.split_at(at);
        let length = test_module(block);
        let (block, after) = block.split_at(length);
        kept.push_str(before);
        kept.extend(block.chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// The length of the attribute that `code` starts with, and of the item after it if that is a module with a body.
fn test_module(code: &str) -> usize {
    let attribute = "#[cfg(test)]".len();
    let item = code.get(attribute..).unwrap_or_default();
    let is_module = item.trim_start().starts_with("mod ");
    let Some(open) = item
        .find(['{', ';'])
        .filter(|at| is_module && item.as_bytes().get(*at) == Some(&b'{'))
    else {
        return attribute;
    };
    let mut depth = 0_usize;
    for (at, byte) in item.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return attribute + at + 1;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests;
