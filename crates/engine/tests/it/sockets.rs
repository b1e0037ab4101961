//! `wasi:sockets` of both versions: the virtual network of a workload, and what leaves it.

mod rig;

use rig::Rig;

use crate::support::text;

#[tokio::test]
async fn a_component_talks_to_a_listener_of_its_workload_with_the_standard_library() {
    let rig = Rig::default();
    rig.echo("127.0.0.1:77").await;
    rig.echo("[::1]:77").await;
    let workload = rig.start("sock-echo", "sockets_std").await;
    for address in [
        "127.0.0.1:77",
        "[::1]:77",
        "localhost:77",
        "service.weft.internal:77",
    ] {
        assert_eq!(
            text(&workload, &format!("/echo?{address}&hello")).await,
            "hello",
            "{address}"
        );
    }
    assert_eq!(
        text(&workload, "/echo?127.0.0.1:78&x").await,
        "error: ConnectionRefused"
    );
    assert_eq!(
        text(&workload, "/echo?127.0.0.2:77&x").await,
        "error: ConnectionRefused"
    );
}
