//! Which authorities are trusted, and what is said of files that cannot be used.

use super::{Trust, load};

fn certificate() -> String {
    let made = rcgen::generate_simple_self_signed(["authority.test".to_owned()]).unwrap();
    made.cert.pem()
}

fn error(trust: Trust, text: Option<&str>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    if let Some(text) = text {
        std::fs::write(&path, text).unwrap();
    }
    let error = load(trust, &[path]).unwrap_err().to_string();
    error.replace(&format!("{}/", dir.path().display()), "")
}

#[test]
fn a_file_adds_its_authorities_to_those_that_are_trusted_anyway() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, certificate() + &certificate()).unwrap();
    let usual = load(Trust::Webpki, &[]).unwrap().len();
    assert!(usual > 50, "{usual}");
    let more = load(Trust::Webpki, std::slice::from_ref(&path)).unwrap();
    assert_eq!(more.len(), usual + 2);
    assert_eq!(load(Trust::Nobody, &[path]).unwrap().len(), 2);
}

#[test]
fn trusting_nobody_is_refused() {
    let error = load(Trust::Nobody, &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "no authority is trusted, so that no HTTPS request could succeed; name a file with at least one"
    );
}

#[test]
fn a_file_that_is_missing_is_named() {
    assert_eq!(
        error(Trust::Webpki, None),
        "cannot read `ca.pem`: No such file or directory (os error 2); check that it exists and that this process may \
         read it"
    );
}

#[test]
fn a_file_without_a_certificate_is_named() {
    let wanted = "`ca.pem` is no list of authorities: there is no certificate in it; it has to hold \
                  `-----BEGIN CERTIFICATE-----`";
    assert_eq!(error(Trust::Webpki, Some("")), wanted);
    assert_eq!(error(Trust::Nobody, Some("hello\n")), wanted);
}

#[test]
fn a_damaged_certificate_is_named() {
    let damaged = certificate().replacen("MII", "!!!", 1);
    assert!(
        error(Trust::Webpki, Some(&damaged)).starts_with("`ca.pem` is no list of authorities: ")
    );
}
