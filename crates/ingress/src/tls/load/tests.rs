//! What is read out of files, and what is said about those that cannot be used.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::{CertificateFiles, TlsFiles, load};

/// A directory with a good certificate and key.
struct Files {
    dir: TempDir,
    files: TlsFiles,
}

impl Files {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = pair(2999);
        fs::write(dir.path().join("tls.crt"), certificate).unwrap();
        fs::write(dir.path().join("tls.key"), key).unwrap();
        let files = TlsFiles::new(dir.path().join("tls.crt"), dir.path().join("tls.key"));
        Self { dir, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        fs::write(self.path(name), text).unwrap();
        self
    }

    /// What is said, without the directory.
    fn error(&self) -> String {
        let error = load(&self.files).err().expect("this must not load");
        let dir = format!("{}/", self.dir.path().display());
        error.to_string().replace(&dir, "")
    }
}

/// A certificate that is good to the end of a year, and its key.
fn pair(year: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(year, 12, 31);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn a_certificate_and_its_key_load() {
    assert!(load(&Files::new().files).is_ok());
}

#[test]
fn both_may_be_in_one_file() {
    let mut files = Files::new();
    let (certificate, key) = pair(2999);
    files.write("both.pem", &format!("{key}{certificate}"));
    files.files = TlsFiles::new(files.path("both.pem"), files.path("both.pem"));
    assert!(load(&files.files).is_ok());
}

#[test]
fn tls_without_a_certificate_is_refused() {
    let mut files = Files::new();
    files.files.pairs.clear();
    assert_eq!(
        files.error(),
        "TLS has no certificate; give it at least one file with a certificate, and the file of its key"
    );
}

#[test]
fn a_file_that_does_not_exist_is_named() {
    let files = Files::new();
    fs::remove_file(files.path("tls.key")).unwrap();
    assert_eq!(
        files.error(),
        "cannot read `tls.key`: No such file or directory (os error 2); check that it exists and that this process \
         may read it"
    );
}

#[test]
fn a_file_without_a_certificate_or_key_is_named() {
    let no_certificate = "there is no certificate in `tls.crt`; it has to hold `-----BEGIN CERTIFICATE-----`, the \
                          server's own first and then those that it was signed with";
    let (certificate, key) = pair(2999);
    assert_eq!(Files::new().write("tls.crt", "").error(), no_certificate);
    assert_eq!(Files::new().write("tls.crt", &key).error(), no_certificate);
    assert_eq!(
        Files::new().write("tls.key", &certificate).error(),
        "there is no private key in `tls.key`; it has to hold `-----BEGIN PRIVATE KEY-----`"
    );
}

#[test]
fn a_damaged_file_is_named() {
    let (certificate, _) = pair(2999);
    let cut = certificate.replace("-----END CERTIFICATE-----", "");
    let error = Files::new().write("tls.crt", &cut).error();
    assert!(error.starts_with("`tls.crt` is damaged: "), "{error}");
    assert!(error.ends_with("; write it again"), "{error}");

    let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let error = Files::new().write("tls.crt", empty).error();
    assert!(
        error.starts_with("the certificate in `tls.crt` is not valid: "),
        "{error}"
    );

    let empty = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let error = Files::new().write("tls.key", empty).error();
    assert!(
        error.starts_with("the private key in `tls.key` cannot be used: "),
        "{error}"
    );
}

#[test]
fn an_encrypted_key_is_named() {
    let keys = [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    ];
    for key in keys {
        assert_eq!(
            Files::new().write("tls.key", key).error(),
            "the private key in `tls.key` is encrypted; decrypt it, for example with `openssl pkey`"
        );
    }
}

#[test]
fn a_key_of_another_certificate_is_named_with_it() {
    let (_, other) = pair(2999);
    assert_eq!(
        Files::new().write("tls.key", &other).error(),
        "the key in `tls.key` is not that of the certificate in `tls.crt`; give both files of one pair"
    );
}

#[test]
fn a_file_that_is_far_too_large_is_named() {
    let large = " ".repeat(1024 * 1024 + 1);
    assert_eq!(
        Files::new().write("tls.crt", &large).error(),
        "`tls.crt` is larger than 1048576 bytes, so it is not a file of certificates or keys; is it the right one?"
    );
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for() {
    let files = Files::new();
    fs::remove_file(files.path("tls.crt")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(files.path("tls.crt"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(
        files.error(),
        "cannot read `tls.crt`: it is not a regular file; certificates and keys are read from files; check that it \
         exists and that this process may read it"
    );
}

#[test]
fn authorities_for_clients_have_to_be_certificates() {
    let mut files = Files::new();
    files.files.client_authorities = Some(files.path("ca.crt"));
    let error = files.write("ca.crt", "nothing").error();
    assert!(
        error.starts_with("there is no certificate in `ca.crt`"),
        "{error}"
    );
    let (certificate, _) = pair(2999);
    files.write("ca.crt", &certificate);
    assert!(load(&files.files).is_ok());
}

#[test]
fn the_earliest_end_of_all_certificates_is_known_and_an_expired_one_is_used() {
    let mut files = Files::new();
    let (certificate, key) = pair(2001);
    files.write("old.crt", &certificate).write("old.key", &key);
    files.files.pairs.push(CertificateFiles {
        certificate: files.path("old.crt"),
        key: files.path("old.key"),
    });
    let expires = load(&files.files).ok().unwrap().expires;
    // 2001-12-31T00:00:00Z
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_009_756_800);
    assert_eq!(expires, Some(end));
}

#[test]
fn a_file_that_takes_anothers_place_looks_different() {
    let files = Files::new();
    let path = files.path("tls.crt");
    let before = super::Stamp::of(&path).unwrap();
    assert_eq!(super::Stamp::of(&path).unwrap(), before);
    // The same length, and maybe the same time.
    fs::copy(&path, files.path("new")).unwrap();
    fs::rename(files.path("new"), &path).unwrap();
    assert_ne!(super::Stamp::of(&path).unwrap(), before);
    assert!(super::Stamp::of(Path::new("/does/not/exist")).is_err());
}
