//! A service (`wasi:cli/run@0.3`): the variable `DO` says what it does.
//!
//! - `return`, `fail` (an error of `run`), `exit`, `trap`, `spin`
//! - `sleep`: says that it is ready, then sleeps for ever

use wasip3::cli::{environment, exit, stdout};
use wasip3::clocks::monotonic_clock;
use wasip3::wit_stream;

wasip3::cli::command::export!(Service);

struct Service;

impl wasip3::exports::cli::run::Guest for Service {
    async fn run() -> Result<(), ()> {
        let variables = environment::get_environment();
        let what = variables.into_iter().find(|(name, _)| name == "DO");
        match what.map(|(_, value)| value).as_deref() {
            Some("fail") => Err(()),
            Some("exit") => {
                exit::exit_with_code(3);
                Ok(())
            }
            Some("trap") => std::process::abort(),
            Some("spin") => loop {
                std::hint::black_box(());
            },
            Some("sleep") => {
                let (mut writer, reader) = wit_stream::new();
                let done = stdout::write_via_stream(reader);
                let _ = writer.write_all(b"READY=1\n".to_vec()).await;
                drop(writer);
                let _ = done.await;
                monotonic_clock::wait_for(u64::MAX).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
