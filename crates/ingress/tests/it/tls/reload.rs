//! Certificates that change while the server runs.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use weft_ingress::{Body, Config, Limits, Stats, Tls, TlsError, TlsFiles};
use weft_testkit::until;

use super::{ANSWER, Secure};
use crate::support::certificates::{Authority, Client};
use crate::support::{Server, chunk, fed_body, get, ok, target, within};

const OLD: &str = "old.example";
const NEW: &str = "new.example";

/// Replaces the certificate of a listener by one for `NEW`.
fn renew(authority: &Authority, files: &TlsFiles) {
    let pair = &files.pairs[0];
    authority.issue(&[NEW]).write(&pair.certificate, &pair.key);
}

/// The name of the certificate that a new client sees.
async fn shown(secure: &Secure) -> String {
    let mut names = Client::gullible()
        .shown(secure.server.addr, "127.0.0.1")
        .await;
    names.remove(0)
}

#[tokio::test]
async fn a_connection_that_streams_goes_on_and_the_next_sees_the_new_certificate() {
    let authority = Authority::new();
    let files = authority.tls_files(&[OLD]);
    let stats = Arc::new(Stats::default());
    let tls = Tls::load(files.clone(), Arc::clone(&stats)).await.unwrap();
    let config = Config {
        tls: Some(tls.clone()),
        ..Config::default()
    };
    let (feed, body) = fed_body();
    let body = Mutex::new(Some(body));
    let streaming = target(move |_: Request<Body>| {
        let body = body.lock().unwrap().take().unwrap();
        async { ok(body) }
    });
    let (server, _route) = Server::with_config(streaming, config).await;
    let mut h2 = authority
        .client()
        .offering(&["h2"])
        .h2(server.addr, OLD)
        .await;
    feed.send(Ok("before".into())).unwrap();
    let response = within(h2.send_request(get("https://test.example/"))).await;
    let mut body = response.unwrap().into_body();
    assert_eq!(chunk(&mut body).await, "before");

    renew(&authority, &files);
    tls.reload().await.unwrap();
    assert_eq!(stats.reloads(), 1);
    let names = Client::gullible().shown(server.addr, "127.0.0.1").await;
    assert_eq!(names, [NEW]);
    feed.send(Ok("after".into())).unwrap();
    assert_eq!(chunk(&mut body).await, "after");
}

#[tokio::test]
async fn files_that_cannot_be_used_leave_the_old_certificate_and_are_named() {
    let authority = Authority::new();
    let files = authority.tls_files(&[OLD]);
    let secure = Secure::with(files.clone()).await;
    fs::write(&files.pairs[0].certificate, "broken").unwrap();
    let error = secure.tls.reload().await.unwrap_err();
    assert!(
        matches!(&error, TlsError::NoCertificate { path } if *path == files.pairs[0].certificate)
    );
    assert_eq!(shown(&secure).await, OLD);
    assert_eq!(
        (secure.stats.reloads(), secure.stats.failed_reloads()),
        (0, 1)
    );

    renew(&authority, &files);
    secure.tls.reload().await.unwrap();
    assert_eq!(shown(&secure).await, NEW);
}

#[tokio::test]
async fn a_certificate_that_comes_before_its_key_is_taken_when_the_key_is_there() {
    let authority = Authority::new();
    let files = TlsFiles {
        check_every: Duration::from_millis(5),
        ..authority.tls_files(&[OLD])
    };
    let secure = Secure::with(files.clone()).await;
    let (new, pair) = (authority.issue(&[NEW]), &files.pairs[0]);
    new.write(&pair.certificate, &authority.path("elsewhere"));
    until(|| secure.stats.failed_reloads() == 1).await;
    assert_eq!(shown(&secure).await, OLD);
    fs::rename(authority.path("elsewhere"), &pair.key).unwrap();
    until(|| secure.stats.reloads() == 1).await;
    assert_eq!(shown(&secure).await, NEW);
    assert_eq!(
        secure.stats.failed_reloads(),
        1,
        "the same failure counts once"
    );
}

/// Kubernetes writes the files of a Secret into a new directory and turns a link to it.
#[cfg(unix)]
#[tokio::test]
async fn a_link_that_leads_to_another_directory_is_a_change() {
    use std::os::unix::fs::symlink;

    let authority = Authority::new();
    for (dir, name) in [("1", OLD), ("2", NEW)] {
        fs::create_dir(authority.path(dir)).unwrap();
        authority.files(&format!("{dir}/tls"), &[name]);
    }
    symlink("1", authority.path("data")).unwrap();
    for file in ["tls.crt", "tls.key"] {
        symlink(format!("data/{file}"), authority.path(file)).unwrap();
    }
    let files = TlsFiles {
        check_every: Duration::from_millis(5),
        ..TlsFiles::new(authority.path("tls.crt"), authority.path("tls.key"))
    };
    let secure = Secure::with(files).await;
    assert_eq!(shown(&secure).await, OLD);
    symlink("2", authority.path("data.new")).unwrap();
    fs::rename(authority.path("data.new"), authority.path("data")).unwrap();
    until(|| secure.stats.reloads() == 1).await;
    assert_eq!(shown(&secure).await, NEW);
}

#[tokio::test]
async fn a_reload_ends_what_was_agreed_with_clients_before() {
    let authority = Authority::new();
    let secure = Secure::with(authority.tls_files(&[OLD])).await;
    let client = authority.client();
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let mut stream = client.connect(secure.server.addr, OLD).await.unwrap();
        kinds.push(stream.get_ref().1.handshake_kind().unwrap());
        let request = b"GET / HTTP/1.1\r\nhost: test.example\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        within(stream.read_to_end(&mut Vec::new())).await.unwrap();
        secure.tls.reload().await.unwrap();
    }
    assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Full]);
}

#[tokio::test]
async fn other_authorities_for_clients_are_taken_as_well() {
    let (before, after) = (Authority::new(), Authority::new());
    let mut files = before.tls_files(&[OLD]);
    files.client_authorities = Some(before.own_file());
    let secure = Secure::limited(files, Limits::default()).await;
    let addr = secure.server.addr;
    let old = before.client_with(before.issue(&["client.example"]));
    let new = before.client_with(after.issue(&["client.example"]));
    assert_eq!(old.get(addr, OLD).await.as_deref(), Some(ANSWER));
    assert_eq!(new.get(addr, OLD).await, None);
    fs::copy(after.own_file(), before.path("ca.crt")).unwrap();
    secure.tls.reload().await.unwrap();
    assert_eq!(old.get(addr, OLD).await, None);
    assert_eq!(new.get(addr, OLD).await.as_deref(), Some(ANSWER));
}
