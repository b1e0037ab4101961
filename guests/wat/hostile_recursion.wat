;; `weft-test:hostile/attack`, linked into a workload: `run` calls itself without end and needs no memory for it.
(component
  (core module $deep
    (func $deeper (export "run") (param $n i32) (result i32)
      (i32.add (call $deeper (i32.add (local.get $n) (i32.const 1))) (i32.const 1))))
  (core instance $deep (instantiate $deep))
  (func $run (param "n" u32) (result u32) (canon lift (core func $deep "run")))
  (instance $attack (export "run" (func $run)))
  (export "weft-test:hostile/attack@0.1.0" (instance $attack)))
