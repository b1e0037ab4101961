//! What a request asks for: a filter and its options. Everything that cannot be had is refused, with what can.

use crate::answer::Refusal;

pub enum Filter {
    Blur { radius: u32 },
    Edges { threshold: f32, coloured: bool },
    Ink { spacing: f32, line: f32, ink: Ink },
}

#[derive(Clone, Copy)]
pub enum Ink {
    Black,
    Sepia,
    Blue,
}

impl Ink {
    pub fn colour(self) -> [f32; 3] {
        match self {
            Self::Black => [0.086, 0.090, 0.122],
            Self::Sepia => [0.263, 0.141, 0.071],
            Self::Blue => [0.063, 0.157, 0.420],
        }
    }
}

impl Filter {
    /// The filter of a path, or none if the path is something else.
    pub fn of(path: &str, query: &str) -> Option<Result<Self, Refusal>> {
        let filter: fn(&mut Query) -> Result<Self, Refusal> = match path {
            "/blur" => |query| {
                Ok(Self::Blur {
                    radius: query.number("radius", 8, 1, 64)?,
                })
            },
            "/edges" => |query| {
                Ok(Self::Edges {
                    threshold: query.number("threshold", 0.02, 0.0, 0.8)?,
                    coloured: query.choice("colour", &[("picture", true), ("white", false)])?,
                })
            },
            "/ink" => |query| {
                Ok(Self::Ink {
                    spacing: query.number("spacing", 5.0, 3.0, 24.0)?,
                    line: query.number("line", 1.0, 0.5, 4.0)?,
                    ink: query.choice(
                        "ink",
                        &[
                            ("black", Ink::Black),
                            ("sepia", Ink::Sepia),
                            ("blue", Ink::Blue),
                        ],
                    )?,
                })
            },
            _ => return None,
        };
        let mut query = Query::of(query);
        Some(filter(&mut query).and_then(|filter| query.end().map(|()| filter)))
    }
}

/// The options of a query that were not looked at yet, and the names of those that were.
struct Query<'a> {
    left: Vec<(&'a str, &'a str)>,
    known: Vec<&'static str>,
}

impl<'a> Query<'a> {
    fn of(query: &'a str) -> Self {
        let options = query.split('&').filter(|option| !option.is_empty());
        Self {
            left: options
                .map(|option| option.split_once('=').unwrap_or((option, "")))
                .collect(),
            known: Vec::new(),
        }
    }

    /// The value of an option. The first one counts; a second one is left over, and refused.
    fn take(&mut self, name: &'static str) -> Option<&'a str> {
        self.known.push(name);
        let place = self.left.iter().position(|(option, _)| *option == name)?;
        Some(self.left.remove(place).1)
    }

    fn number<N>(&mut self, name: &'static str, usual: N, least: N, most: N) -> Result<N, Refusal>
    where
        N: std::str::FromStr + std::fmt::Display + PartialOrd + Copy,
    {
        let Some(text) = self.take(name) else {
            return Ok(usual);
        };
        // What is no number at all is not between the bounds either.
        let number = text.parse().ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                Refusal::bad(format!(
                    "`{name}={text}`: {name} is a number from {least} to {most}, {usual} if it is left out"
                ))
            })
    }

    /// One of a few words; the first is the usual one.
    fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<T, Refusal> {
        let text = self.take(name);
        let mut fitting = choices
            .iter()
            .filter(|(word, _)| text.is_none_or(|text| text == *word));
        if let Some((_, choice)) = fitting.next() {
            return Ok(*choice);
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        let text = text.unwrap_or_default();
        let words = words.join(", ");
        Err(Refusal::bad(format!(
            "`{name}={text}`: {name} is one of {words}"
        )))
    }

    /// Whether all that was asked for was understood.
    fn end(self) -> Result<(), Refusal> {
        let Some((name, _)) = self.left.first() else {
            return Ok(());
        };
        let why = if self.known.contains(name) {
            "it was given twice".to_owned()
        } else {
            format!("this filter has {}", self.known.join(", "))
        };
        Err(Refusal::bad(format!("`{name}`: {why}")))
    }
}
