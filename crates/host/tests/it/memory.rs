//! Guests that want more memory than they may have.

use weft_testkit::{assembled, guest};

use crate::hostile::{Hostile, SOON, workload};
use crate::memories;
use crate::stage::Stage;

const MIB: u64 = 1 << 20;

#[test]
fn memory_grows_to_256_mib_where_the_manifest_says_nothing() {
    for guest in ["http_hostile", "p3_hostile"] {
        let hostile = Hostile::start(&workload("grows-by-default", guest));
        let bytes = hostile.number("/grow?1");
        assert!(
            (240 * MIB..=256 * MIB).contains(&bytes),
            "{guest}: {bytes} bytes"
        );
        hostile.is_well();
    }
}

#[test]
fn memory_grows_to_what_the_manifest_says_and_no_further() {
    for guest in ["http_hostile", "p3_hostile"] {
        let manifest = workload("grows-as-told", guest).set("weft.dev/memory", "32Mi");
        let hostile = Hostile::start(&manifest);
        let bytes = hostile.number("/grow?1");
        assert!(
            (24 * MIB..=32 * MIB).contains(&bytes),
            "{guest}: {bytes} bytes"
        );
        hostile.is_well();
    }
}

#[test]
fn a_trap_for_want_of_memory_says_so_to_the_client_and_names_the_limit_in_the_log() {
    for guest in ["http_hostile", "p3_hostile"] {
        let manifest = workload("out-of-memory", guest).set("weft.dev/memory", "32Mi");
        let hostile = Hostile::start(&manifest);
        hostile.problem("/oom").is(502, "guest-trap", "memory");
        let line = hostile.logged("/oom");
        let detail = line.field("detail");
        for part in ["main", "32 MiB", "weft.dev/memory"] {
            assert!(detail.contains(part), "`{part}` is not in: {detail}");
        }
        assert_eq!(line.field("blame"), "guest");
        hostile.is_well();
    }
}

#[test]
fn a_trap_that_has_nothing_to_do_with_memory_is_not_put_down_to_it() {
    let manifest = workload("other-trap", "http_hostile").set("weft.dev/memory", "32Mi");
    let hostile = Hostile::start(&manifest);
    let problem = hostile.problem("/panic?before");
    assert_eq!(problem.code, "guest-trap");
    assert_ne!(problem.reason, "memory");
}

#[test]
fn the_memories_of_linked_components_count_together() {
    let manifest = workload("memories-together", "hostile_caller").set("weft.dev/memory", "64Mi");
    let manifest = manifest.component("memories", &memories::component(8));
    let hostile = Hostile::start(&manifest);
    let pages = hostile.number("/attack?16");
    assert!(
        (32 * MIB..=64 * MIB).contains(&(pages * 64 * 1024)),
        "{pages} pages"
    );
    hostile.is_well();
}

#[test]
fn tables_count_as_memory_and_have_an_end() {
    let manifest = workload("tables-count", "hostile_caller");
    let manifest = manifest.component("tables", &assembled("hostile_tables"));
    let hostile = Hostile::start(&manifest.set("weft.dev/memory", "16Mi"));
    let elements = hostile.number("/attack?1000");
    // Eight bytes each, at least.
    assert!(elements * 8 <= 16 * MIB, "{elements} elements");
    hostile.is_well();
}

#[test]
fn many_tables_count_together() {
    let manifest = workload("many-tables", "hostile_caller").set("weft.dev/memory", "8Mi");
    let manifest = manifest.component("tables", &memories::tables(40));
    let hostile = Hostile::start(&manifest);
    let elements = hostile.number("/attack?1000");
    assert!(elements * 8 <= 8 * MIB, "{elements} elements");
    hostile.is_well();
}

#[test]
fn more_memories_tables_or_instances_than_the_host_has_places_for_are_refused_at_the_start() {
    let cases = [
        ("too-many-memories", memories::component(150), "memories"),
        ("too-many-tables", memories::tables(150), "tables"),
        ("too-many-instances", memories::component(400), "instances"),
    ];
    let mut stage = Stage::new();
    for (name, linked, word) in cases {
        let manifest = workload(name, "hostile_caller").component("linked", &linked);
        let refused = stage.try_start(&manifest).unwrap_err();
        assert!(refused.contains(word), "{name}: {refused}");
        assert!(refused.contains(&manifest.full_name()), "{name}: {refused}");
    }
    // What was refused has left nothing behind.
    stage.start(&workload("one-that-fits", "http_hostile"));
}

#[test]
fn a_storm_of_instances_that_take_all_their_memory_leaves_none_of_it_taken() {
    let manifest = workload("storm", "http_hostile").set("weft.dev/memory", "64Mi");
    let hostile = Hostile::start(&manifest);
    hostile.block_on(async {
        let mut storm = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let mut visitor = hostile.visitor();
            storm.spawn(async move { visitor.get("/grow-touch?64").await.unwrap() });
        }
        while let Some(reply) = storm.join_next().await {
            let reply = reply.unwrap();
            assert!(matches!(reply.status, 200 | 503), "{}", reply.text);
        }
    });
    hostile.is_well();
}

#[test]
fn memory_taken_at_birth_counts_as_well() {
    let manifest = workload("grows-at-birth", "hostile_init").set("weft.dev/memory", "32Mi");
    let hostile = Hostile::start(&manifest.env("INIT", "grow"));
    // It keeps what it got, and needs no more for its answer.
    let mut answers = vec![hostile.ask(weft_testkit::client::get("/"))];
    answers.push(hostile.ask(weft_testkit::client::get("/")));
    for answer in answers {
        assert!(matches!(answer.status, 200 | 502), "{}", answer.text);
    }
    hostile.is_rid_of_it();
}

#[test]
fn an_instance_that_needs_more_memory_than_it_may_have_to_begin_with_is_explained() {
    let mut stage = Stage::new();
    // One page: no Rust program starts in that.
    let manifest = workload("too-small", "http_hostile").set("weft.dev/memory", "64Ki");
    let manifest = manifest.set("weft.dev/request-timeout", SOON);
    match stage.try_start(&manifest) {
        Err(refused) => assert!(refused.contains("memory"), "{refused}"),
        Ok(()) => {
            drop(stage);
            let hostile = Hostile::start(&manifest);
            let problem = hostile.problem("/hello");
            assert_eq!((problem.status, problem.reason.as_str()), (502, "memory"));
        }
    }
    assert!(guest("http_hostile").is_file());
}
