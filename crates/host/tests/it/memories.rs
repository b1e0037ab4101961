//! Components with any number of memories or tables: text that is made instead of written.

use std::fmt::Write;
use std::path::PathBuf;

use weft_testkit::assemble;

/// A linked component of `count` core instances with a memory each. `run(n)` grows each of them by `n` pages until that
/// is refused, and answers how many pages there are in all.
pub(crate) fn component(count: usize) -> PathBuf {
    let grower = "(module $grower
    (memory $memory 1)
    (func (export \"run\") (param $by i32) (result i32)
      (loop $more
        (br_if $more (i32.ne (memory.grow $memory (local.get $by)) (i32.const -1))))
      (memory.size $memory)))";
    summed("memories", grower, count)
}

/// The same with tables: `run(n)` grows each by `n` elements.
pub(crate) fn tables(count: usize) -> PathBuf {
    let grower = "(module $grower
    (table $table 1 funcref)
    (func (export \"run\") (param $by i32) (result i32)
      (loop $more
        (br_if $more
          (i32.ne (table.grow $table (ref.null func) (local.get $by)) (i32.const -1))))
      (table.size $table)))";
    summed("tables", grower, count)
}

/// `count` instances of a core module that exports `run`, and one that adds up what they answer.
fn summed(name: &str, module: &str, count: usize) -> PathBuf {
    let (mut instances, mut arguments) = (String::new(), String::new());
    let (mut imports, mut calls) = (String::new(), String::new());
    for index in 0..count {
        // Writing to a string cannot fail.
        let _ = writeln!(
            instances,
            "  (core instance $i{index} (instantiate $grower))"
        );
        let _ = writeln!(arguments, "    (with \"{index}\" (instance $i{index}))");
        let _ = writeln!(
            imports,
            "    (import \"{index}\" \"run\" (func $run{index} (param i32) (result i32)))"
        );
        let _ = writeln!(
            calls,
            "      (local.set $sum (i32.add (local.get $sum) (call $run{index} (local.get $by))))"
        );
    }
    let text = format!(
        "(component
  (core {module}
{instances}
  (core module $adder
{imports}
    (func (export \"run\") (param $by i32) (result i32) (local $sum i32)
{calls}
      (local.get $sum)))
  (core instance $adder (instantiate $adder
{arguments}  ))
  (func $run (param \"n\" u32) (result u32) (canon lift (core func $adder \"run\")))
  (instance $attack (export \"run\" (func $run)))
  (export \"weft-test:hostile/attack@0.1.0\" (instance $attack)))",
        module = module.trim_start_matches('('),
    );
    assemble(&format!("{name}-{count}"), &text)
}
