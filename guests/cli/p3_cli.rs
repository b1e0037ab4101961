//! A command that exports `wasi:cli/run@0.3`; arguments, streams, files and exit codes all over 0.3.
//!
//! - no arguments or an unknown sub-command: prints the arguments, one a line
//! - `env NAME`: prints `NAME=VALUE`, or `NAME is not set`
//! - `cat`: copies stdin to stdout
//! - `exit N`: ends with exit code N; `fail`: `run` returns an error
//! - `stderr TEXT`: prints TEXT to stderr
//! - `spin`: loops for ever; `sleep MS`; `trap`
//! - `read PATH`, `write PATH TEXT`, `append PATH TEXT`, `fill PATH BYTES`, `ls PATH`, `rm PATH`: see `shared/files_p3.rs`
//!
//! A failed file operation prints `error: NAME` to stdout, and `run` returns an error.

use wasip3::cli::{environment, exit, stderr, stdin, stdout};
use wasip3::clocks::monotonic_clock;
use wasip3::wit_stream;
use weft_guests::files_p3;

wasip3::cli::command::export!(Command);

struct Command;

impl wasip3::exports::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let args = environment::get_arguments();
        let args: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
        match args.as_slice() {
            ["env", name] => print(&env(name)).await,
            ["cat"] => cat().await,
            ["exit", code] => exit::exit_with_code(code.parse().map_err(|_| ())?),
            ["fail"] => return Err(()),
            ["stderr", text] => complain(text).await,
            ["spin"] => loop {
                std::hint::black_box(());
            },
            ["sleep", ms] => {
                monotonic_clock::wait_for(ms.parse::<u64>().map_err(|_| ())? * 1_000_000).await
            }
            ["trap"] => std::process::abort(),
            [command, path, rest @ ..] => {
                match files_p3::command(command, path, rest.first().unwrap_or(&"")).await {
                    Some(answer) => {
                        print(&answer).await;
                        return if answer.starts_with("error: ") {
                            Err(())
                        } else {
                            Ok(())
                        };
                    }
                    None => print(&args.join("\n")).await,
                }
            }
            _ => print(&args.join("\n")).await,
        }
        Ok(())
    }
}

fn env(name: &str) -> String {
    let vars = environment::get_environment();
    vars.into_iter().find(|(key, _)| key == name).map_or_else(
        || format!("{name} is not set"),
        |(key, value)| format!("{key}={value}"),
    )
}

/// One line to stdout.
async fn print(line: &str) {
    let (mut writer, reader) = wit_stream::new();
    let done = stdout::write_via_stream(reader);
    let _ = writer.write_all(format!("{line}\n").into_bytes()).await;
    drop(writer);
    let _ = done.await;
}

async fn complain(line: &str) {
    let (mut writer, reader) = wit_stream::new();
    let done = stderr::write_via_stream(reader);
    let _ = writer.write_all(format!("{line}\n").into_bytes()).await;
    drop(writer);
    let _ = done.await;
}

/// Hands the stream of stdin to stdout: no byte passes through the guest's memory.
async fn cat() {
    let (input, read) = stdin::read_via_stream();
    let _ = stdout::write_via_stream(input).await;
    let _ = read.await;
}
