//! Which statements are run, and which of them may change more than data.
//!
//! A connection goes back to the pool as it came, so the pool has to know what a statement does to its session. It looks
//! at the first word only, and at a few words that betray session state; whatever it does not know counts as a change.

use std::cell::RefCell;
use std::collections::HashMap;

/// What a statement may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It reads or writes data.
    Data,
    /// It may change the session: settings, variables, temporary tables, locks.
    Session,
    /// It would begin or end a transaction behind the pool's back.
    Transaction,
    /// There is no statement.
    Nothing,
}

const DATA: [&str; 8] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES", "TABLE",
];
const TRANSACTION: [&str; 13] = [
    "BEGIN",
    "START",
    "COMMIT",
    "ROLLBACK",
    "END",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
    "XA",
    "PREPARE",
    "LOCK",
    "UNLOCK",
    "HANDLER",
];
/// In a statement that else is about data: variables, settings, locks and the like.
const TRACES: [&str; 9] = [
    "@",
    "SET_CONFIG",
    "ADVISORY",
    "GET_LOCK",
    "INTO TEMP",
    "LISTEN",
    "LASTVAL",
    "LAST_INSERT_ID",
    "SQL_CALC_FOUND_ROWS",
];

/// What was found out about statements: applications run the same few again and again.
#[derive(Default)]
pub(crate) struct Effects(RefCell<HashMap<Box<str>, Effect>>);

impl Effects {
    /// Statements that are remembered, and how long each may be.
    const MOST: usize = 256;
    const LONGEST: usize = 2048;

    /// Looks at the text of a statement, unless it is known.
    pub(crate) fn of(&self, sql: &str) -> Effect {
        let known = &mut *self.0.borrow_mut();
        if let Some(effect) = known.get(sql) {
            return *effect;
        }
        let effect = effect(sql);
        if sql.len() <= Self::LONGEST {
            if known.len() >= Self::MOST {
                known.clear();
            }
            known.insert(sql.into(), effect);
        }
        effect
    }
}

/// Looks at the text of a statement.
fn effect(sql: &str) -> Effect {
    let Some(start) = after_comments(sql) else {
        return Effect::Transaction; // a comment that MySQL runs may hide anything
    };
    let word: String = start
        .trim_start_matches('(')
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let text = sql.to_ascii_uppercase();
    match word.as_str() {
        "" => Effect::Nothing,
        word if TRANSACTION.contains(&word) => Effect::Transaction,
        "SET" if text.contains("AUTOCOMMIT") || text.contains("TRANSACTION") => Effect::Transaction,
        _ if text.contains("/*!") || text.contains("/*M!") => Effect::Transaction,
        word if DATA.contains(&word) && !TRACES.iter().any(|trace| text.contains(trace)) => {
            Effect::Data
        }
        _ => Effect::Session,
    }
}

/// The statement behind the comments and spaces at its front; `None` for a comment that is run.
fn after_comments(sql: &str) -> Option<&str> {
    let mut rest = sql.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("/*") {
            if comment.starts_with('!') || comment.starts_with("M!") {
                return None;
            }
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else if rest.starts_with("--") || rest.starts_with('#') {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else {
            return Some(rest);
        };
        rest = after.trim_start();
    }
}
