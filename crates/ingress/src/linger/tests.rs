//! Who is waited for at the end of a connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::Lingering;

#[tokio::test]
async fn a_peer_that_is_sending_is_read_until_it_stops() {
    let (near, mut far) = duplex(16);
    let mut near = Lingering::new(near);
    let sending = async {
        // Far more than fits, so it ends only if somebody reads it.
        far.write_all(&[0; 100_000]).await.unwrap();
        let mut end = Vec::new();
        far.read_to_end(&mut end).await.unwrap();
        drop(far);
        end
    };
    let closing = async {
        near.write_all(b"413").await.unwrap();
        near.shutdown().await.unwrap();
    };
    let (end, ()) = tokio::join!(sending, closing);
    assert_eq!(end, b"413");
}

#[tokio::test]
async fn a_silent_peer_is_not_waited_for() {
    let (near, _far) = duplex(16);
    Lingering::new(near).shutdown().await.unwrap();
}
