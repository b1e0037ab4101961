//! One half of a cycle: exports `weft-test:cycle/b` and imports `a`, which `linked_cycle_a` exports.

wit_bindgen::generate!({
    path: "wit/cycle",
    inline: "
        package weft-test:linked-cycle-b;
        world cycle {
            import weft-test:cycle/a@0.1.0;
            export weft-test:cycle/b@0.1.0;
        }
    ",
    generate_all,
});

use exports::weft_test::cycle::b::Guest;
use weft_test::cycle::a;

struct Cycle;

export!(Cycle);

impl Guest for Cycle {
    fn pong() -> u32 {
        a::ping() + 1
    }
}
