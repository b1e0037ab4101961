//! Text on a terminal, where names and words of files are among our own: whoever wrote a project that somebody looks at
//! before they trust it must not write over what is shown, nor give the terminal orders.

use std::borrow::Cow;

/// What miette and this program draw with. The rest of what a terminal can do hides, moves or changes something.
const STYLES: [&str; 21] = [
    "", "0", "1", "2", "3", "4", "22", "23", "24", "31", "32", "33", "34", "35", "36", "39", "90",
    "91", "92", "93", "96",
];

/// The same text with all that is not one of our styles, a line break or something to be seen spelled out.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_hidden) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let kept = style(from).or_else(|| from.starts_with("\r\n").then_some("\r\n"));
        if let Some(kept) = kept {
            shown.push_str(kept);
            rest = from.get(kept.len()..).unwrap_or_default();
            continue;
        }
        let mut characters = from.chars();
        shown.extend(characters.next().into_iter().flat_map(char::escape_unicode));
        rest = characters.as_str();
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Controls, and what turns the direction of writing.
fn is_hidden(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (character.is_control() && !matches!(character, '\n' | '\t'))
}

/// The style that a text begins with, if it is one of ours.
fn style(text: &str) -> Option<&str> {
    let (parameters, _) = text.strip_prefix("\u{1b}[")?.split_once('m')?;
    let known = parameters.split(';').all(|one| STYLES.contains(&one));
    known.then(|| text.get(..parameters.len() + 3)).flatten()
}

#[cfg(test)]
mod tests {
    use anstyle::{AnsiColor, Style};

    use super::*;

    #[test]
    fn our_own_styles_stay() {
        for style in [
            AnsiColor::Green.on_default(),
            AnsiColor::Yellow.on_default(),
            AnsiColor::Red.on_default().bold(),
            Style::new().bold(),
            Style::new().dimmed(),
        ] {
            let text = format!("{style}a{style:#}\tb\r\nc\n");
            assert_eq!(visible(&text), text);
        }
    }

    #[test]
    fn what_could_hide_or_move_or_order_something_is_spelled_out() {
        for (text, shown) in [
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{1b}]52;c;aGk=\u{1b}\\", "\\u{1b}]52;c;aGk=\\u{1b}\\"),
            ("\u{1b}[8mhidden", "\\u{1b}[8mhidden"),
            ("\u{1b}[31;8m", "\\u{1b}[31;8m"),
            ("\u{1b}[30;40m", "\\u{1b}[30;40m"),
            ("ok\rno", "ok\\u{d}no"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
            ("\u{2066}a\u{0}", "\\u{2066}a\\u{0}"),
            ("\u{1b}", "\\u{1b}"),
            ("\u{1b}[", "\\u{1b}["),
            ("naïve …", "naïve …"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
