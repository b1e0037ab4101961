//! From text to names and the pieces of their values. Nothing is expanded here.

use super::problem::Problems;
use crate::secret::Wiped;

/// Assignments of one file: each takes far more memory than it has characters, and each is looked for.
pub(super) const ENTRIES_MAX: usize = 10_000;
/// Variables in the values of one file.
pub(super) const VARIABLES_MAX: usize = 100_000;
/// How deep defaults may nest in defaults.
const DEPTH_MAX: usize = 8;

/// One assignment.
pub(super) struct Raw<'t> {
    pub(super) name: &'t str,
    /// Where the name starts.
    pub(super) offset: usize,
    pub(super) pieces: Vec<Piece<'t>>,
}

/// A part of a value.
pub(super) enum Piece<'t> {
    Text(Wiped),
    Variable(Variable<'t>),
}

/// `$NAME`, or `${NAME}` with or without a default.
pub(super) struct Variable<'t> {
    pub(super) name: &'t str,
    pub(super) offset: usize,
    /// Whether it is in braces. Without, it may be a password with a dollar sign in it, which no message shows.
    pub(super) braces: bool,
    pub(super) default: Option<Fallback<'t>>,
}

/// What stands in for a variable.
pub(super) struct Fallback<'t> {
    /// `:-` instead of `-`.
    pub(super) if_empty: bool,
    pub(super) pieces: Vec<Piece<'t>>,
}

/// What a value is written between.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Double,
}

/// Pieces that are being collected; neighbouring text becomes one.
#[derive(Default)]
struct Pieces<'t>(Vec<Piece<'t>>);

impl<'t> Pieces<'t> {
    fn text(&mut self) -> Option<&mut Wiped> {
        if !matches!(self.0.last(), Some(Piece::Text(_))) {
            self.0.push(Piece::Text(Wiped::default()));
        }
        match self.0.last_mut() {
            Some(Piece::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn push_str(&mut self, more: &str) {
        if let Some(text) = self.text() {
            text.push_str(more);
        }
    }

    fn push_char(&mut self, character: char) {
        if let Some(text) = self.text() {
            text.push_char(character);
        }
    }

    fn trim_end(&mut self) {
        if let Some(Piece::Text(text)) = self.0.last_mut() {
            text.trim_end();
        }
    }
}

/// All assignments of a text, in order.
pub(super) fn entries<'t>(text: &'t str, problems: &mut Problems) -> Vec<Raw<'t>> {
    let mut reader = Reader {
        text,
        at: 0,
        variables: 0,
        problems,
    };
    let mut entries = Vec::new();
    while reader.at < text.len() {
        reader.skip_blanks();
        if entries.len() > ENTRIES_MAX || reader.variables > VARIABLES_MAX {
            let message = format!(
                "the file has more than {ENTRIES_MAX} names, or more than {VARIABLES_MAX} variables in its values"
            );
            let help = "keep many values in a folder with one file for each (`dir:`)";
            reader.problems.push(reader.at, message, help);
            break;
        }
        match reader.peek() {
            Some('\n') => reader.at += 1,
            Some('#') => reader.skip_line(),
            Some(_) => entries.extend(reader.entry()),
            None => break,
        }
    }
    entries
}

struct Reader<'t, 'p> {
    text: &'t str,
    at: usize,
    /// How many were read.
    variables: usize,
    problems: &'p mut Problems,
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() && character != '\n'
}

fn is_in_name(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !matches!(character, '=' | '"' | '\'' | '`' | '#' | '$' | '\\')
}

fn starts_variable(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

fn is_in_variable(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

impl<'t> Reader<'t, '_> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character behind the next one.
    fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn take_while(&mut self, holds: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !holds(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.take_while(is_blank);
    }

    fn skip_line(&mut self) {
        self.take_while(|c| c != '\n');
    }

    /// Whether a line ends here; a carriage return belongs to the end.
    fn at_end_of_line(&self) -> bool {
        matches!(self.peek(), None | Some('\n'))
    }

    fn entry(&mut self) -> Option<Raw<'t>> {
        let start = self.at;
        let mut offset = start;
        let mut name = self.take_while(is_in_name);
        let blanks = self.take_while(is_blank);
        if name == "export" && !blanks.is_empty() && self.peek().is_some_and(is_in_name) {
            offset = self.at;
            name = self.take_while(is_in_name);
            self.skip_blanks();
            if !name.is_empty() && self.at_end_of_line() {
                self.problems.push(
                    offset,
                    "`export` gives no value here",
                    "write `NAME=value`; what the environment has is there without it",
                );
                return None;
            }
        }
        if name.is_empty() || self.peek() != Some('=') {
            self.problems.push(
                start,
                "the line is not `NAME=VALUE`",
                "start a comment with `#`; a value of several lines needs quotes around it",
            );
            self.skip_line();
            return None;
        }
        self.at += 1;
        self.skip_blanks();
        let pieces = match self.peek() {
            Some('"') => self.double_quoted(),
            Some('\'') => self.single_quoted(),
            _ => Some(self.unquoted()),
        }?;
        Some(Raw {
            name,
            offset,
            pieces,
        })
    }

    fn unquoted(&mut self) -> Vec<Piece<'t>> {
        let mut pieces = Pieces::default();
        // Whether a `#` here starts a comment: `NAME= # comment`, but not `COLOUR=#fff`.
        let mut blank = self
            .text
            .get(..self.at)
            .is_some_and(|before| before.ends_with(is_blank));
        while let Some(character) = self.peek() {
            match character {
                '\n' => break,
                '#' if blank => {
                    self.skip_line();
                    break;
                }
                '$' => self.dollar(Quotes::None, 0, &mut pieces),
                '\\' if self.peek_second() == Some('$') => {
                    pieces.push_char('$');
                    self.at += 2;
                }
                _ => {
                    pieces.push_char(character);
                    self.at += character.len_utf8();
                }
            }
            blank = is_blank(character);
        }
        pieces.trim_end();
        pieces.0
    }

    fn single_quoted(&mut self) -> Option<Vec<Piece<'t>>> {
        let open = self.at;
        self.at += 1;
        let text = self.take_while(|c| c != '\'');
        let mut pieces = Pieces::default();
        for (index, line) in text.split("\r\n").enumerate() {
            if index > 0 {
                pieces.push_char('\n');
            }
            pieces.push_str(line);
        }
        self.close('\'', open)?;
        Some(pieces.0)
    }

    fn double_quoted(&mut self) -> Option<Vec<Piece<'t>>> {
        let open = self.at;
        self.at += 1;
        let mut pieces = Pieces::default();
        while let Some(character) = self.peek() {
            match character {
                '"' => break,
                '$' => self.dollar(Quotes::Double, 0, &mut pieces),
                '\\' => self.escape(&mut pieces),
                _ => self.plain(&mut pieces),
            }
        }
        self.close('"', open)?;
        Some(pieces.0)
    }

    /// A character between double quotes, or the end of a line.
    fn plain(&mut self, pieces: &mut Pieces<'t>) {
        if self.rest().starts_with("\r\n") {
            self.at += 1;
        }
        if let Some(character) = self.next() {
            pieces.push_char(character);
        }
    }

    /// A backslash between double quotes.
    fn escape(&mut self, pieces: &mut Pieces<'t>) {
        self.at += 1;
        if self.rest().starts_with("\r\n") {
            self.at += 1;
        }
        match self.peek() {
            Some('\n') => {}
            Some('n') => pieces.push_char('\n'),
            Some('r') => pieces.push_char('\r'),
            Some('t') => pieces.push_char('\t'),
            Some(itself @ ('"' | '\\' | '$' | '`' | '}')) => pieces.push_char(itself),
            _ => return pieces.push_char('\\'),
        }
        self.next();
    }

    /// The closing quote, and what may follow it.
    fn close(&mut self, quote: char, open: usize) -> Option<()> {
        if self.peek() != Some(quote) {
            let help = format!("end the value with `{quote}`");
            self.problems.push(open, "this quote is never closed", help);
            self.at = self.text.len();
            return None;
        }
        self.at += 1;
        let blanks = !self.take_while(is_blank).is_empty();
        match self.peek() {
            None | Some('\n') => {}
            Some('#') if blanks => self.skip_line(),
            Some(_) => {
                self.problems.push(
                    self.at,
                    "text follows the closing quote",
                    "put all of the value between the quotes, or escape a quote in it; a comment starts with ` #`",
                );
                self.skip_line();
                return None;
            }
        }
        Some(())
    }

    /// A variable, or a dollar sign that is only itself.
    fn dollar(&mut self, quotes: Quotes, depth: usize, pieces: &mut Pieces<'t>) {
        let offset = self.at;
        self.at += 1;
        self.variables = self.variables.saturating_add(1);
        if self.variables > VARIABLES_MAX {
            // The whole file is refused; what is left of this value takes no further room.
            return;
        }
        match self.peek() {
            Some('{') => {
                self.at += 1;
                if let Some(variable) = self.braces(offset, quotes, depth) {
                    pieces.0.push(Piece::Variable(variable));
                }
            }
            Some(character) if starts_variable(character) => {
                let name = self.take_while(is_in_variable);
                pieces.0.push(Piece::Variable(Variable {
                    name,
                    offset,
                    braces: false,
                    default: None,
                }));
            }
            _ => pieces.push_char('$'),
        }
    }

    /// What is behind `${`. After a problem, the rest is read as if it were text.
    fn braces(&mut self, offset: usize, quotes: Quotes, depth: usize) -> Option<Variable<'t>> {
        let name = self.take_while(is_in_variable);
        let rest = self.rest();
        let operator = [":-", "-", "}"]
            .into_iter()
            .find(|operator| rest.starts_with(operator));
        let named = name.starts_with(starts_variable);
        let Some(operator) = operator.filter(|_| named) else {
            self.problems.push(
                offset,
                "`${` is followed by neither `NAME}` nor `NAME:-default}`",
                "these two and `${NAME-default}` are known; for a dollar sign write `\\$`, or use single quotes",
            );
            return None;
        };
        self.at += operator.len();
        let default = match operator {
            "}" => None,
            _ => Some(Fallback {
                if_empty: operator == ":-",
                pieces: self.default(offset, quotes, depth)?,
            }),
        };
        Some(Variable {
            name,
            offset,
            braces: true,
            default,
        })
    }

    /// The text of a default and the brace that ends it.
    fn default(&mut self, open: usize, quotes: Quotes, depth: usize) -> Option<Vec<Piece<'t>>> {
        if depth >= DEPTH_MAX {
            let message = format!("defaults nest more than {DEPTH_MAX} levels deep");
            self.problems
                .push(open, message, "give the inner ones names of their own");
            return None;
        }
        let mut pieces = Pieces::default();
        loop {
            match self.peek() {
                Some('}') => {
                    self.at += 1;
                    return Some(pieces.0);
                }
                Some('$') => self.dollar(quotes, depth.saturating_add(1), &mut pieces),
                Some('\\') if quotes == Quotes::Double => self.escape(&mut pieces),
                Some('\\') if matches!(self.peek_second(), Some('$' | '}')) => {
                    self.at += 1;
                    self.plain(&mut pieces);
                }
                Some('\n') if quotes == Quotes::None => break,
                Some('"') if quotes == Quotes::Double => break,
                Some(_) => self.plain(&mut pieces),
                None => break,
            }
        }
        self.problems
            .push(open, "`${` is never closed", "end the default with `}`");
        None
    }
}
