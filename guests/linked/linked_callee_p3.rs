//! Serves `weft-test:linked/later@0.1.0`: asynchronous calls and a stream, WASI 0.3.

use wasip3::cli::environment;
use wasip3::clocks::monotonic_clock;
use wit_bindgen::StreamReader;

wit_bindgen::generate!({
    path: ["wit/linked-0.1.0", "../wit/wasi-config"],
    inline: "
        package weft-test:linked-callee-p3;
        world callee {
            import wasi:config/store@0.2.0-rc.1;
            export weft-test:linked/later@0.1.0;
        }
    ",
    generate_all,
});

use exports::weft_test::linked::later::Guest;
use wasi::config::store;

struct Callee;

export!(Callee);

impl Guest for Callee {
    async fn slow_add(a: u32, b: u32, ms: u32) -> u32 {
        pause(ms).await;
        a.wrapping_add(b)
    }

    async fn numbers(n: u32) -> StreamReader<u8> {
        let (mut writer, reader) = wit_stream::new();
        wit_bindgen::spawn_local(async move {
            let numbers: Vec<u8> = (0..n).map(|number| number as u8).collect();
            for piece in numbers.chunks(4096) {
                if !writer.write_all(piece.to_vec()).await.is_empty() {
                    break; // The reader has gone.
                }
            }
        });
        reader
    }

    async fn who(ms: u32) -> Vec<(String, String)> {
        pause(ms).await;
        environment::get_environment()
    }

    async fn config(key: String, ms: u32) -> Option<String> {
        pause(ms).await;
        store::get(&key).unwrap_or_else(|error| Some(format!("error: {error:?}")))
    }
}

async fn pause(ms: u32) {
    monotonic_clock::wait_for(u64::from(ms) * 1_000_000).await;
}
