;; `weft-test:hostile/attack`, linked into a workload: `run(n)` grows a table by `n` elements until it is refused and
;; answers how many elements the table has then.
(component
  (core module $tables
    (table $table 1 funcref)
    (func (export "run") (param $by i32) (result i32)
      (loop $more
        (br_if $more
          (i32.ne (table.grow $table (ref.null func) (local.get $by)) (i32.const -1))))
      (table.size $table)))
  (core instance $tables (instantiate $tables))
  (func $run (param "n" u32) (result u32) (canon lift (core func $tables "run")))
  (instance $attack (export "run" (func $run)))
  (export "weft-test:hostile/attack@0.1.0" (instance $attack)))
