//! Output without measure, and large arguments.
//!
//! - `/print?KIND&N&BYTES`: N lines of BYTES bytes, without N for ever; KIND is `stdout`, `stderr`, `endless` (stdout, and
//!   no line ever ends) or `logging` (`wasi:logging`)
//! - `/shout?BYTES`: one log message of BYTES bytes, which the host has to copy
//! - `/random?BYTES`: so many random bytes in one call

use std::io::Write;

use weft_guests::{number, part};

wit_bindgen::generate!({
    path: "../wit/wasi-logging",
    inline: "
        package weft-test:http-hostile;
        world hostile { import wasi:logging/logging@0.1.0-draft; }
    ",
    generate_all,
});

use wasi::logging::logging::{self, Level};

/// The answer of a route of this file.
pub(crate) fn text(route: &str, query: &str) -> Option<String> {
    Some(match route {
        "/print" => print(&part(query, 0), number(query, 1), number(query, 2) as usize),
        "/shout" => {
            let message = "a".repeat(number(query, 0) as usize);
            logging::log(Level::Info, "hostile", &message);
            "shouted".into()
        }
        "/random" => {
            let bytes = wasip2::random::random::get_random_bytes(number(query, 0));
            bytes.len().to_string()
        }
        _ => return None,
    })
}

fn print(kind: &str, count: u64, bytes: usize) -> String {
    let line = "x".repeat(bytes.max(1));
    let (mut stdout, mut stderr) = (std::io::stdout(), std::io::stderr());
    let mut printed = 0_u64;
    while count == 0 || printed < count {
        printed += 1;
        let done = match kind {
            "stderr" => writeln!(stderr, "{line}"),
            "endless" => stdout
                .write_all(line.as_bytes())
                .and_then(|()| stdout.flush()),
            "logging" => {
                logging::log(Level::Info, "hostile", &line);
                Ok(())
            }
            _ => writeln!(stdout, "{line}"),
        };
        if done.is_err() {
            break;
        }
    }
    printed.to_string()
}
