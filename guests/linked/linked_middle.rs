//! Imports `weft-test:linked/plain@0.1.0` and exports it again: the middle of a chain of three.
//! `greet` gets the prefix `middle:`, `who` lists its own environment before the callee's; the rest goes through.

wit_bindgen::generate!({
    path: "wit/linked-0.1.0",
    inline: "
        package weft-test:linked-middle;
        world middle {
            import weft-test:linked/plain@0.1.0;
            export weft-test:linked/plain@0.1.0;
        }
    ",
    generate_all,
});

use exports::weft_test::linked::plain::Guest;
use weft_test::linked::plain;

struct Middle;

export!(Middle);

impl Guest for Middle {
    fn add(a: u32, b: u32) -> u32 {
        plain::add(a, b)
    }

    fn greet(name: String) -> String {
        format!("middle:{}", plain::greet(&name))
    }

    fn who() -> Vec<(String, String)> {
        std::env::vars().chain(plain::who()).collect()
    }

    fn config(key: String) -> Option<String> {
        plain::config(&key)
    }

    fn read(path: String) -> Result<String, String> {
        plain::read(&path)
    }

    fn print(text: String) {
        plain::print(&text);
    }

    fn trap() {
        plain::trap();
    }

    fn fetch(url: String) -> Result<u16, String> {
        plain::fetch(&url)
    }
}
