//! Messages reach the sink as they were sent.

use std::sync::{Arc, Mutex};

use super::logging::Host;
use super::{Ctx, Level, Sink, View};

#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl Sink for Kept {
    fn log(&self, level: Level, context: &str, message: &str) {
        let line = format!("{level:?} {context}: {message}");
        self.0.lock().unwrap().push(line);
    }
}

#[test]
fn level_context_and_message_are_handed_on_in_order() {
    let kept = Arc::new(Kept::default());
    let sink = Arc::clone(&kept);
    let ctx = Ctx { sink };
    for (level, message) in [
        (Level::Trace, "first"),
        (Level::Critical, "several\nlines"),
        (Level::Info, ""),
    ] {
        let (context, message) = ("here".to_owned(), message.to_owned());
        View(&ctx).log(level, context, message).unwrap();
    }
    assert_eq!(
        *kept.0.lock().unwrap(),
        [
            "Level::Trace here: first",
            "Level::Critical here: several\nlines",
            "Level::Info here: "
        ]
    );
}
