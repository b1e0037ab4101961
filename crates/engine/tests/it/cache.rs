//! Compiled code: once for each content, kept on disk, checked before use, dropped when idle.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use weft_engine::Engine;
use weft_engine::cache::{DiskCache, Key};
use weft_engine::config::EngineConfig;
use weft_testkit::log::LogCapture;
use weft_testkit::until;

use crate::support::{engine_with, text, workload};

fn caching_in(dir: &Path) -> Engine {
    engine_with(EngineConfig {
        cache_dir: Some(dir.to_owned()),
        ..EngineConfig::default()
    })
}

/// The one file of a cache with this ending.
fn entry(dir: &Path, ending: &str) -> PathBuf {
    let files = fs::read_dir(dir).unwrap().flatten().map(|file| file.path());
    let mut files: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|found| found == ending))
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// Starts the smallest guest with that cache; tells how often it was compiled and what was wrong with the cache.
async fn start(name: &str, dir: &Path) -> (usize, Vec<String>) {
    start_on(name, &caching_in(dir)).await
}

async fn start_on(name: &str, engine: &Engine) -> (usize, Vec<String>) {
    let log = LogCapture::of(&format!("test/{name}"));
    let workload = workload(name)
        .component("http_middleware")
        .component("http_kitchen");
    let workload = workload.start_on(engine).await;
    assert_eq!(text(&workload, "/hello").await, "hello");
    let lines = log.lines();
    let compiled = lines
        .iter()
        .filter(|line| line.message == "compiled")
        .count();
    let corrupt = lines.iter().filter(|line| line.message.contains("corrupt"));
    (
        compiled,
        corrupt.map(|line| line.field("why").to_owned()).collect(),
    )
}

#[tokio::test]
async fn a_second_engine_loads_what_the_first_compiled() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(start("cache-first", dir.path()).await, (1, vec![]));
    let written = entry(dir.path(), "cwasm")
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(start("cache-second", dir.path()).await, (0, vec![]));
    let now = entry(dir.path(), "cwasm")
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(written, now);
}

#[test]
fn caches_that_share_a_directory_write_to_it_at_the_same_time() {
    let dir = tempfile::tempdir().unwrap();
    let engine = wasmtime::Engine::default();
    let caches = [(); 8].map(|()| DiskCache::open(&dir.path().join("cache")).unwrap());
    std::thread::scope(|scope| {
        for (cache, filling) in caches.iter().zip(0_u8..) {
            let engine = &engine;
            scope.spawn(move || {
                for length in 1..200 {
                    let bytes = vec![filling; length];
                    let key = Key::new(engine, &bytes);
                    cache.store_source(key, &bytes).unwrap();
                    assert_eq!(*cache.load_source(engine, key).unwrap(), bytes);
                }
            });
        }
    });
}

#[tokio::test]
async fn a_damaged_entry_is_reported_and_made_again() {
    let dir = tempfile::tempdir().unwrap();
    start("cache-whole", dir.path()).await;
    let (code, sum) = (entry(dir.path(), "cwasm"), entry(dir.path(), "sum"));
    let (good_code, good_sum) = (fs::read(&code).unwrap(), fs::read(&sum).unwrap());
    let flipped = {
        let mut bytes = good_code.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    let truncated = good_code[..good_code.len() / 2].to_vec();
    let of_another = blake3_of(b"not code");
    let damages: [(&Path, &[u8]); 6] = [
        (&code, &flipped),
        (&code, &truncated),
        (&code, b""),
        (&sum, b""),
        (&sum, &[0xff; 64]),
        (&sum, of_another.as_bytes()),
    ];
    for (turn, (file, bytes)) in damages.into_iter().enumerate() {
        fs::write(file, bytes).unwrap();
        let (compiled, corrupt) = start(&format!("cache-damage-{turn}"), dir.path()).await;
        assert_eq!(
            (compiled, corrupt.len()),
            (1, 1),
            "damage {turn}: {corrupt:?}"
        );
        assert!(
            fs::read(&code).unwrap().len() == good_code.len(),
            "damage {turn}"
        );
        assert_eq!(fs::read(&sum).unwrap().len(), good_sum.len());
    }
    assert_eq!(start("cache-healed", dir.path()).await, (0, vec![]));
}

#[tokio::test]
async fn an_entry_that_was_good_and_is_exchanged_is_looked_at_again() {
    let dir = tempfile::tempdir().unwrap();
    let engine = caching_in(dir.path());
    assert_eq!(start_on("cache-good", &engine).await, (1, vec![]));
    assert_eq!(start_on("cache-known", &engine).await, (0, vec![]));
    let code = entry(dir.path(), "cwasm");
    let mut bytes = fs::read(&code).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let other = dir.path().join("other");
    fs::write(&other, bytes).unwrap();
    fs::rename(other, code).unwrap();
    let (compiled, corrupt) = start_on("cache-exchanged", &engine).await;
    assert_eq!((compiled, corrupt.len()), (1, 1), "{corrupt:?}");
}

#[tokio::test]
async fn code_that_was_checked_needs_no_checksum_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let engine = caching_in(dir.path());
    // Made, and then read back from disk for the first time.
    start_on("cache-made", &engine).await;
    start_on("cache-read", &engine).await;
    fs::remove_file(entry(dir.path(), "sum")).unwrap();
    assert_eq!(start_on("cache-again", &engine).await, (0, vec![]));
    assert_eq!(start("cache-unknown", dir.path()).await, (1, vec![]));
}

#[tokio::test]
async fn code_with_a_good_checksum_that_the_engine_refuses_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    start("cache-before", dir.path()).await;
    let code = entry(dir.path(), "cwasm");
    fs::write(&code, b"not code").unwrap();
    fs::write(entry(dir.path(), "sum"), checksum(&code, b"not code")).unwrap();
    let (compiled, corrupt) = start("cache-refused", dir.path()).await;
    assert_eq!(compiled, 1);
    assert!(corrupt[0].contains("the engine refuses it"), "{corrupt:?}");
}

#[tokio::test]
async fn missing_code_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    start("cache-there", dir.path()).await;
    fs::remove_file(entry(dir.path(), "cwasm")).unwrap();
    let (compiled, corrupt) = start("cache-missing", dir.path()).await;
    assert_eq!((compiled, corrupt.len()), (1, 1));
}

#[tokio::test]
async fn a_cache_that_others_can_write_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for mode in [0o777, 0o770, 0o702] {
        fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
        let Err(refusal) = Engine::new(EngineConfig {
            cache_dir: Some(dir.path().to_owned()),
            ..EngineConfig::default()
        }) else {
            panic!("a cache with mode {mode:o} is taken")
        };
        let refusal = refusal.to_string();
        assert!(refusal.contains("can be written by others"), "{refusal}");
        assert!(
            refusal.contains(&dir.path().display().to_string()),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn a_cache_is_made_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("some/where");
    drop(caching_in(&cache));
    let mode = cache.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn idle_code_is_dropped_and_comes_back_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogCapture::of("test/cache-idle");
    let engine = engine_with(EngineConfig {
        cache_dir: Some(dir.path().to_owned()),
        code_idle: Duration::from_millis(50),
        instance_idle: Duration::from_millis(10),
        ..EngineConfig::default()
    });
    let workload = workload("cache-idle")
        .component("http_kitchen")
        .reuse(1, 0, 1);
    let workload = workload.start_on(&engine).await;
    for _ in 0..3 {
        assert_eq!(text(&workload, "/count").await, "1");
        until(|| !workload.is_loaded()).await;
    }
    let compiled = log
        .lines()
        .into_iter()
        .filter(|line| line.message == "compiled");
    assert_eq!(compiled.count(), 1);
}

#[tokio::test]
async fn code_is_not_dropped_under_a_request() {
    let dir = tempfile::tempdir().unwrap();
    let engine = engine_with(EngineConfig {
        cache_dir: Some(dir.path().to_owned()),
        code_idle: Duration::from_millis(10),
        ..EngineConfig::default()
    });
    let workload = workload("cache-busy")
        .component("p3_kitchen")
        .start_on(&engine)
        .await;
    let streamed = text(&workload, "/stream-slow?20&10").await;
    assert_eq!(streamed.lines().count(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_starts_of_one_content_compile_once() {
    let dir = tempfile::tempdir().unwrap();
    let engine = caching_in(dir.path());
    let log = LogCapture::of("test/cache-once");
    let starts = (0..8).map(|_| {
        workload("cache-once")
            .component("p3_kitchen")
            .start_on(&engine)
    });
    let workloads = futures::future::join_all(starts).await;
    for workload in &workloads {
        assert_eq!(text(workload, "/hello").await, "hello");
    }
    let compiled = log
        .lines()
        .into_iter()
        .filter(|line| line.message == "compiled");
    assert_eq!(compiled.count(), 1);
}

#[tokio::test]
async fn bytes_that_are_no_valid_code_are_refused_with_the_reason() {
    let path = weft_testkit::guest("http_kitchen");
    let mut bytes = fs::read(path).unwrap();
    // Well inside the code of the module, past everything that `inspect` reads.
    let middle = bytes.len() / 3;
    bytes[middle..middle + 64].fill(0xff);
    let Ok(shape) = weft_engine::inspect::inspect(&bytes) else {
        return;
    };
    let spec = workload("cache-invalid").component("http_kitchen").spec;
    let valid = weft_engine::plan::plan(
        &spec,
        std::slice::from_ref(&shape).into(),
        weft_engine::plan::Granting::Everything,
        weft_engine::plan::Purpose::Serve,
    );
    let component = weft_engine::linked::Component {
        bytes: bytes.into(),
        shape,
    };
    let linked = crate::support::engine()
        .link(valid.unwrap(), [component][..].into())
        .await;
    let Err(refusal) = linked else {
        panic!("garbage was compiled")
    };
    assert!(refusal.to_string().contains("is not valid"), "{refusal}");
}

fn blake3_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The checksum that belongs to these bytes in this file, whose name is the entry's key.
fn checksum(file: &Path, bytes: &[u8]) -> String {
    let key = file.file_stem().unwrap().to_str().unwrap();
    let key = blake3::Hash::from_hex(key).unwrap();
    blake3::keyed_hash(key.as_bytes(), bytes)
        .to_hex()
        .to_string()
}

#[tokio::test]
async fn the_code_of_one_entry_is_not_taken_for_another_s() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    start("cache-one", dir.path()).await;
    let engine = caching_in(other.path());
    let another = workload("cache-other").component("p3_kitchen");
    another.start_on(&engine).await;
    for ending in ["cwasm", "sum"] {
        fs::copy(entry(other.path(), ending), entry(dir.path(), ending)).unwrap();
    }
    let (compiled, corrupt) = start("cache-swapped", dir.path()).await;
    assert_eq!((compiled, corrupt.len()), (1, 1));
}

#[tokio::test]
async fn a_kept_component_that_was_changed_is_replaced_and_never_run() {
    let dir = tempfile::tempdir().unwrap();
    start("cache-source", dir.path()).await;
    let source = entry(dir.path(), "wasm");
    let good = fs::read(&source).unwrap();
    // Of the same length, so that only its content gives it away.
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&source, &changed).unwrap();
    fs::remove_file(entry(dir.path(), "cwasm")).unwrap();
    fs::remove_file(entry(dir.path(), "sum")).unwrap();
    assert_eq!(start("cache-source-again", dir.path()).await, (1, vec![]));
    assert_eq!(fs::read(&source).unwrap(), good);
}

#[tokio::test]
async fn a_component_without_a_cache_is_compiled_once() {
    let log = LogCapture::of("test/cache-none");
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let workload = workload("cache-none").component("http_kitchen");
    let workload = workload.start_on(&engine).await;
    assert_eq!(text(&workload, "/hello").await, "hello");
    let lines = log.lines();
    let compiled = lines.iter().filter(|line| line.message == "compiled");
    assert_eq!(compiled.count(), 1);
}
