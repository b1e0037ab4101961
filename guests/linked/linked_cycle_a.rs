//! One half of a cycle: exports `weft-test:cycle/a` and imports `b`, which `linked_cycle_b` exports.

wit_bindgen::generate!({
    path: "wit/cycle",
    inline: "
        package weft-test:linked-cycle-a;
        world cycle {
            import weft-test:cycle/b@0.1.0;
            export weft-test:cycle/a@0.1.0;
        }
    ",
    generate_all,
});

use exports::weft_test::cycle::a::Guest;
use weft_test::cycle::b;

struct Cycle;

export!(Cycle);

impl Guest for Cycle {
    fn ping() -> u32 {
        b::pong() + 1
    }
}
