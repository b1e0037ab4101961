//! The middle of a chain of three that a host can link without doubt: imports `weft-test:linked/{plain, things}@0.2.0`
//! and exports both as 0.1.0. (`linked_middle` exports what it also imports, so beside its callee there are two
//! components that export the same.) `greet` gets the prefix `bridge:`, `who` lists its own environment before the
//! callee's, and its counter is a resource that holds the callee's counter; the rest goes through.

wit_bindgen::generate!({
    path: ["wit/linked-0.1.0", "wit/linked-0.2.0"],
    inline: "
        package weft-test:linked-bridge;
        world bridge {
            import weft-test:linked/plain@0.2.0;
            import weft-test:linked/things@0.2.0;
            export weft-test:linked/plain@0.1.0;
            export weft-test:linked/things@0.1.0;
        }
    ",
    generate_all,
});

use exports::weft_test::linked0_1_0 as served;
use served::things::Counter as Served;
use weft_test::linked0_2_0::plain;
use weft_test::linked0_2_0::things::{self, Counter};

struct Bridge;

export!(Bridge);

impl served::plain::Guest for Bridge {
    fn add(a: u32, b: u32) -> u32 {
        plain::add(a, b)
    }

    fn greet(name: String) -> String {
        format!("bridge:{}", plain::greet(&name, true))
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

impl served::things::Guest for Bridge {
    type Counter = Counter;

    fn make(start: u32) -> Served {
        Served::new(things::make(start))
    }

    fn consume(c: Served) -> u32 {
        things::consume(c.into_inner::<Counter>())
    }

    fn alive() -> u32 {
        things::alive()
    }
}

impl served::things::GuestCounter for Counter {
    fn new(start: u32) -> Self {
        Self::new(start)
    }

    fn bump(&self) -> u32 {
        // The inherent method of the same name is the callee's.
        Self::bump(self)
    }
}
