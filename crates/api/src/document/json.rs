//! JSON to a tree: a strict RFC 8259 reader. (JSON is not quite YAML: tabs indent it, and keys may be long.)

use super::problem::{Problem, Problems, shown};
use super::{Budget, DEPTH_MAX, Entry, Node, Span, Value, readable, too_deep, without_duplicates};

/// Reads a file. JSON has no place to go on from after a syntax error, so that one is reported alone.
pub(crate) fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    if !readable(text, problems) {
        return None;
    }
    let start = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let mut reader = Reader {
        text,
        at: start,
        budget: Budget::new(),
        problems,
    };
    let node = reader.value(0).and_then(|node| {
        reader.space();
        match reader.peek() {
            None => Ok(node),
            Some(_) => Err(reader.unexpected("the end of the file")),
        }
    });
    match node {
        Ok(node) => Some(node),
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

type Step<T> = Result<T, Box<Problem>>;

struct Reader<'t, 'p> {
    text: &'t str,
    at: usize,
    budget: Budget,
    problems: &'p mut Problems,
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<char> {
        self.text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn problem(&self, message: String) -> Box<Problem> {
        let end = self.at + self.peek().map_or(0, char::len_utf8);
        Box::new(Problem::at(
            Span {
                start: self.at,
                end,
            },
            message,
        ))
    }

    fn unexpected(&self, wanted: &str) -> Box<Problem> {
        let found = self.peek().map_or_else(
            || "the end of the file".to_owned(),
            |c| format!("`{}`", shown(c.encode_utf8(&mut [0; 4]))),
        );
        let problem = self.problem(format!(
            "the JSON is not well-formed here: expected {wanted}, found {found}"
        ));
        match self.peek() {
            Some('/' | '#') => Box::new(problem.help("JSON has no comments")),
            Some('\'') => Box::new(problem.help("JSON text stands in double quotes")),
            Some('}' | ']') => Box::new(problem.help("JSON has no comma after the last item")),
            _ => problem,
        }
    }

    fn value(&mut self, depth: usize) -> Step<Node> {
        if depth > DEPTH_MAX {
            return Err(self.problem(too_deep()));
        }
        self.space();
        let start = self.at;
        let value = match self.peek() {
            Some('{') => self.map(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Value::Text(self.text()?),
            Some('-' | '0'..='9') => self.number()?,
            Some('a'..='z') => self.word()?,
            _ => return Err(self.unexpected("a value")),
        };
        let text = if let Value::Text(text) = &value {
            text.len()
        } else {
            0
        };
        if !self.budget.pay(text) {
            return Err(self.problem(
                "the document grows too large here: its values need more than 48 MiB".to_owned(),
            ));
        }
        Ok(Node {
            span: Span {
                start,
                end: self.at,
            },
            value,
        })
    }

    fn map(&mut self, depth: usize) -> Step<Value> {
        self.take('{');
        let mut entries = Vec::new();
        self.space();
        if self.take('}') {
            return Ok(Value::Map(entries));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some('"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let key = self.text()?;
            let key_span = Span {
                start,
                end: self.at,
            };
            self.space();
            if !self.take(':') {
                return Err(self.unexpected("`:`"));
            }
            let value = self.value(depth + 1)?;
            entries.push(Entry {
                key,
                key_span,
                value,
            });
            self.space();
            if self.take('}') {
                return Ok(Value::Map(without_duplicates(entries, self.problems)));
            }
            if !self.take(',') {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Step<Value> {
        self.take('[');
        let mut items = Vec::new();
        self.space();
        if self.take(']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(']') {
                return Ok(Value::List(items));
            }
            if !self.take(',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    /// A text in double quotes. Escapes are left to the JSON library; this finds the end.
    fn text(&mut self) -> Step<String> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let mut escaped = false;
        let end = rest.char_indices().skip(1).find(|(_, character)| {
            let ends = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            ends
        });
        let Some((length, _)) = end else {
            return Err(self.problem(
                "this quote is never closed; write a `\"` at the end of the text".to_owned(),
            ));
        };
        let literal = rest.get(..=length).unwrap_or_default();
        let text = serde_json::from_str(literal).map_err(|_| {
            self.problem(
                "this text holds a line break or an escape that JSON does not know".to_owned(),
            )
        })?;
        self.at = start + length + 1;
        Ok(text)
    }

    fn number(&mut self) -> Step<Value> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len());
        let literal = rest.get(..end).unwrap_or_default();
        if serde_json::from_str::<serde_json::Number>(literal).is_err() {
            return Err(self.problem(format!("`{}` is not a JSON number", shown(literal))));
        }
        self.at += end;
        Ok(match literal.parse() {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Other("a number", literal.to_owned()),
        })
    }

    fn word(&mut self) -> Step<Value> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let value = match rest.get(..end).unwrap_or_default() {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            "null" => Value::Null,
            other => {
                let problem = self.problem(format!("`{}` is not a JSON value", shown(other)));
                return Err(Box::new(problem.help("JSON text stands in double quotes")));
            }
        };
        self.at += end;
        Ok(value)
    }
}
