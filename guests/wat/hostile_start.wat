;; `weft-test:hostile/attack`, linked into a workload: its start function never returns, so no instance ever comes to be.
(component
  (core module $endless
    (func $start (loop $again (br $again)))
    (start $start)
    (func (export "run") (param i32) (result i32) (local.get 0)))
  (core instance $endless (instantiate $endless))
  (func $run (param "n" u32) (result u32) (canon lift (core func $endless "run")))
  (instance $attack (export "run" (func $run)))
  (export "weft-test:hostile/attack@0.1.0" (instance $attack)))
