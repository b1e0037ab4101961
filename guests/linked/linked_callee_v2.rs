//! The same as `linked_callee` in a newer, compatible version (0.1.5): one more function; its greeting says so.

mod callee;

use std::sync::atomic::Ordering;

wit_bindgen::generate!({
    path: "wit/linked-0.1.5",
    inline: "
        package weft-test:linked-callee-v2;
        world callee {
            export weft-test:linked/plain@0.1.5;
            export weft-test:linked/things@0.1.5;
        }
    ",
    generate_all,
});

use callee::Counter;
use exports::weft_test::linked::{plain, things};

struct Callee;

export!(Callee);

impl plain::Guest for Callee {
    fn add(a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    fn greet(name: String) -> String {
        format!("hello from 0.1.5, {name}")
    }

    fn who() -> Vec<(String, String)> {
        std::env::vars().collect()
    }

    fn config(key: String) -> Option<String> {
        callee::config(&key)
    }

    fn read(path: String) -> Result<String, String> {
        callee::read(&path)
    }

    fn print(text: String) {
        println!("{text}");
    }

    fn trap() {
        std::process::abort();
    }

    fn fetch(url: String) -> Result<u16, String> {
        callee::fetch(&url)
    }

    fn subtract(a: u32, b: u32) -> u32 {
        a.wrapping_sub(b)
    }
}

impl things::Guest for Callee {
    type Counter = Counter;

    fn make(start: u32) -> things::Counter {
        things::Counter::new(Counter::starting_at(start))
    }

    fn consume(c: things::Counter) -> u32 {
        c.into_inner::<Counter>().0.get()
    }

    fn alive() -> u32 {
        callee::ALIVE.load(Ordering::Relaxed)
    }
}

impl things::GuestCounter for Counter {
    fn new(start: u32) -> Self {
        Self::starting_at(start)
    }

    fn bump(&self) -> u32 {
        self.add_one()
    }
}
