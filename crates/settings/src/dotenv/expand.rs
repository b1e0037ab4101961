//! From pieces to values: what variables stand for, and what to say when they stand for nothing.

use std::collections::{HashMap, HashSet};

use super::lex::{Piece, Raw, Variable};
use super::problem::{Lines, Problems};
use super::{Entry, MAX};
use crate::secret::{Secret, Wiped};

/// Names of a circle that are shown.
const CIRCLE_MAX: usize = 16;

/// Values are put together from the first line to the last.
pub(super) fn expand(
    raws: &[Raw<'_>],
    lines: &Lines<'_>,
    look_up: &dyn Fn(&str) -> Option<Secret>,
    problems: &mut Problems,
    warnings: &mut Problems,
) -> Vec<Entry> {
    let mut expanding = Expanding {
        raws,
        lines,
        look_up,
        problems,
        earlier: HashMap::new(),
        given: HashMap::new(),
        left: MAX,
    };
    let mut entries: Vec<Option<Entry>> = Vec::new();
    for (index, raw) in raws.iter().enumerate() {
        let Some(value) = expanding.value(index, raw) else {
            break;
        };
        let line = lines.place(raw.offset).0;
        if let Some((before, _)) = expanding.earlier.insert(raw.name, (index, value.clone())) {
            let first = raws.get(before).map(|raw| lines.place(raw.offset).0);
            let message = format!(
                "`{}` is given twice (first in line {}); this one counts",
                raw.name,
                first.unwrap_or_default()
            );
            warnings.push(raw.offset, message, "remove one of the two");
            if let Some(entry) = entries.get_mut(before) {
                *entry = None;
            }
        }
        entries.push(Some(Entry {
            name: raw.name.to_owned(),
            value,
            line,
        }));
    }
    entries.into_iter().flatten().collect()
}

struct Expanding<'a, 't> {
    raws: &'a [Raw<'t>],
    lines: &'a Lines<'t>,
    look_up: &'a dyn Fn(&str) -> Option<Secret>,
    problems: &'a mut Problems,
    /// What earlier lines gave, with the line's index.
    earlier: HashMap<&'a str, (usize, Secret)>,
    /// The lines that give a value to a name, from the first to the last; empty until somebody asks.
    given: HashMap<&'a str, Vec<usize>>,
    /// Bytes that values may still take.
    left: usize,
}

impl Expanding<'_, '_> {
    /// None if there is no room for any further value.
    fn value(&mut self, index: usize, raw: &Raw<'_>) -> Option<Secret> {
        let mut value = Wiped::default();
        if self.push(index, &raw.pieces, &mut value) {
            return Some(value.into_secret());
        }
        let message = format!(
            "the values of this file expand to more than {} MiB",
            MAX >> 20
        );
        self.problems.push(
            raw.offset,
            message,
            "refer to fewer names, or to shorter ones",
        );
        None
    }

    /// Whether there was room for all pieces.
    fn push(&mut self, index: usize, pieces: &[Piece<'_>], value: &mut Wiped) -> bool {
        pieces.iter().all(|piece| match piece {
            Piece::Text(text) => self.pay_and_push(text.bytes(), value),
            Piece::Variable(variable) => self.push_variable(index, variable, value),
        })
    }

    fn pay_and_push(&mut self, bytes: &[u8], value: &mut Wiped) -> bool {
        let Some(left) = self.left.checked_sub(bytes.len()) else {
            return false;
        };
        self.left = left;
        value.push(bytes);
        true
    }

    fn push_variable(&mut self, index: usize, variable: &Variable<'_>, value: &mut Wiped) -> bool {
        let earlier = self.earlier.get(variable.name);
        let found = earlier
            .map(|(_, value)| value.clone())
            .or_else(|| (self.look_up)(variable.name));
        match (found, &variable.default) {
            (Some(found), Some(default)) if default.if_empty && found.expose().is_empty() => {
                self.push(index, &default.pieces, value)
            }
            (Some(found), _) => self.pay_and_push(found.expose(), value),
            (None, Some(default)) => self.push(index, &default.pieces, value),
            (None, None) => {
                self.report_unset(index, variable);
                true
            }
        }
    }

    fn report_unset(&mut self, index: usize, variable: &Variable<'_>) {
        let name = variable.name;
        if self.problems.is_full() {
            return self.problems.push(variable.offset, "", "");
        }
        let line = |index: usize| {
            let raw = self.raws.get(index);
            raw.map(|raw| self.lines.place(raw.offset).0)
                .unwrap_or_default()
        };
        let own = self.raws.get(index).map(|raw| raw.name).unwrap_or_default();
        if own == name {
            let message = format!("`{name}` refers to itself, and the environment has no `{name}`");
            let help = "give it a value of its own, or a default: `${NAME:-default}`";
            return self.problems.push(variable.offset, message, help);
        }
        self.index();
        let later = self.definition(index, name);
        if let Some(later) = later {
            let circle = self.circle(own, later);
            let (message, help) = match circle {
                Some(names) => (
                    format!(
                        "the values refer to each other in a circle: {}",
                        names.join(" -> ")
                    ),
                    "give one of them a value of its own".to_owned(),
                ),
                None => (
                    format!("`{name}` is given only below, in line {}", line(later)),
                    "move that line above this one".to_owned(),
                ),
            };
            return self.problems.push(variable.offset, message, help);
        }
        if variable.braces {
            let message =
                format!("`{name}` is not set, neither in an earlier line nor in the environment");
            let help = "set it, or give a default: `${NAME:-default}`";
            self.problems
                .push_unset(variable.offset, message, help, Some(name));
        } else {
            // It may be a part of a password.
            let message = "`$` starts the name of a variable that is not set".to_owned();
            let help = "for a dollar sign write `\\$`, or put the value in single quotes";
            self.problems
                .push_unset(variable.offset, message, help, None);
        }
    }

    fn index(&mut self) {
        if self.given.is_empty() {
            for (index, raw) in self.raws.iter().enumerate() {
                self.given.entry(raw.name).or_default().push(index);
            }
        }
    }

    /// The line after `index` that gives a value to a name.
    fn definition(&self, index: usize, name: &str) -> Option<usize> {
        let lines = self.given.get(name)?;
        let next = lines.partition_point(|line| *line <= index);
        lines.get(next).copied()
    }

    /// The names from `own` over the line `later` back to `own`, if references lead there.
    fn circle(&self, own: &str, later: usize) -> Option<Vec<String>> {
        let mut came_from: HashMap<usize, usize> = HashMap::new();
        let mut seen = HashSet::from([later]);
        let mut queue = vec![later];
        while let Some(at) = queue.pop() {
            let raw = self.raws.get(at)?;
            let mut names = Vec::new();
            references(&raw.pieces, &mut names);
            if names.contains(&own) {
                let mut path = vec![own.to_owned()];
                let mut step = Some(at);
                while let Some(index) = step {
                    path.push(self.raws.get(index)?.name.to_owned());
                    step = came_from.get(&index).copied();
                }
                path.push(own.to_owned());
                path.reverse();
                if path.len() > CIRCLE_MAX {
                    // The beginning and the end are enough to find it.
                    path.splice(CIRCLE_MAX - 2..path.len() - 2, ["…".to_owned()]);
                }
                return Some(path);
            }
            for name in names {
                let next = self.given.get(name).and_then(|lines| lines.first());
                if let Some(next) = next.copied().filter(|next| seen.insert(*next)) {
                    came_from.insert(next, at);
                    queue.push(next);
                }
            }
        }
        None
    }
}

/// The names that pieces refer to, in defaults, too.
fn references<'t>(pieces: &[Piece<'t>], names: &mut Vec<&'t str>) {
    for piece in pieces {
        let Piece::Variable(variable) = piece else {
            continue;
        };
        names.push(variable.name);
        if let Some(default) = &variable.default {
            references(&default.pieces, names);
        }
    }
}
