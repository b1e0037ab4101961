//! Services in development: run beside the component, kept over its new versions, or themselves what is developed.

use weft_testkit::guest;

use super::harness::Folder;

/// A project whose component has `sockets_std` in it, and whose service does `steps`.
fn project(steps: &str) -> String {
    format!(
        "build:\n  command: cp '{}' out.wasm\n  component_path: out.wasm\ndev:\n  service_file: '{}'\nworkload:\n  \
         environment: {{config: {{DO: '{steps}'}}}}\n",
        guest("sockets_std").display(),
        guest("service_kitchen").display()
    )
}

#[tokio::test]
async fn a_service_goes_on_while_new_versions_of_the_component_take_its_place() {
    let folder = Folder::new(&project("say:started listen:127.0.0.1:77")).with("src/lib.rs", "1");
    let mut dev = folder.serving();
    assert_eq!(dev.get("/echo?localhost:77&one").await, "one\n");
    folder.write("src/lib.rs", "2");
    dev.wait_for("swapped to version 2");
    assert_eq!(dev.get("/echo?localhost:77&two").await, "two\n");
    folder.write("weft.yaml", &project("say:again listen:127.0.0.1:78"));
    dev.wait_for("swapped to version 3");
    assert_eq!(dev.get("/echo?localhost:78&three").await, "three\n");
    let started = dev.seen.iter().filter(|line| line.contains("started"));
    assert_eq!(started.count(), 1, "{:#?}", dev.seen);
}

#[tokio::test]
async fn what_is_developed_may_be_the_service() {
    let service = guest("service_kitchen");
    let folder = Folder::new(&format!(
        "build:\n  command: cp '{}' out.wasm\n  component_path: out.wasm\ndev: {{service: true}}\nworkload:\n  \
         environment: {{config: {{DO: 'say:started ready sleep'}}}}\n",
        service.display()
    ))
    .with("src/lib.rs", "1");
    let mut dev = folder.serving();
    folder.write("src/lib.rs", "2");
    dev.wait_for("swapped to version 2");
}

#[tokio::test]
async fn a_service_that_cannot_listen_where_it_wants_to_is_told_with_what_it_printed() {
    let folder = Folder::new(&project("listen:192.0.2.1:77"));
    let mut dev = folder.dev();
    dev.wait_for("cannot listen");
    dev.wait_for("its service failed: it exited with code 9");
}
