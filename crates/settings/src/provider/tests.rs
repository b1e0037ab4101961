//! Files, folders and variables as they are and as they change; what must not be read is not.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::task::{Context, Poll, Waker};

use tempfile::TempDir;

use super::{Answer, Failure, FailureKind, Provider, Reading};
use crate::{Dir, Env, EnvFile, Place, Variables};

/// The answer of a provider that reads local files, which is there at once.
pub(crate) fn now<T>(mut answer: Answer<'_, T>) -> Result<T, Failure> {
    match answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it waits"),
    }
}

fn nothing() -> Variables {
    Variables::from_fn(|_| None)
}

fn write(path: &Path, text: impl AsRef<[u8]>, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn secret_file(folder: &TempDir, written: &str) -> EnvFile {
    let place = Place::new(folder.path(), Path::new(written)).unwrap();
    EnvFile::source(place, true, nothing())
}

fn dir(folder: &TempDir, written: &str) -> Dir {
    Dir::new(Place::new(folder.path(), Path::new(written)).unwrap())
}

fn read(provider: &dyn Provider, name: &str) -> Reading {
    now(provider.read(name)).unwrap().expect(name)
}

fn text(provider: &dyn Provider, name: &str) -> String {
    read(provider, name).value.expose_text().unwrap().to_owned()
}

fn refused(provider: &dyn Provider, name: &str) -> Failure {
    now(provider.read(name))
        .map(|found| found.is_some())
        .expect_err("it is refused")
}

#[test]
fn a_value_of_a_file_comes_with_its_line() {
    let folder = TempDir::new().unwrap();
    write(&folder.path().join("a.env"), "# x\nTOKEN=abc\n", 0o600);
    let file = secret_file(&folder, "./a.env");
    assert_eq!(now(file.names()).unwrap(), ["TOKEN"]);
    assert_eq!(text(&file, "TOKEN"), "abc");
    assert_eq!(read(&file, "TOKEN").origin, "./a.env:2");
    assert!(now(file.read("OTHER")).unwrap().is_none());
}

#[test]
fn a_secret_file_that_others_may_read_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.env");
    for mode in [0o644, 0o640, 0o660, 0o700, 0o604, 0o4600] {
        write(&path, "A=hunter2", mode);
        let failure = refused(&secret_file(&folder, "a.env"), "A");
        assert_eq!(failure.kind, FailureKind::Refused);
        assert!(
            failure.message.contains(&format!("mode {mode:04o}")),
            "{failure}"
        );
        assert!(
            failure.to_string().contains("chmod 600 a.env")
                && !failure.to_string().contains("hunter2")
        );
    }
    for mode in [0o400, 0o600] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(text(&secret_file(&folder, "a.env"), "A"), "hunter2");
    }
    write(&path, "A=1", 0o644);
    let place = Place::new(folder.path(), Path::new("a.env")).unwrap();
    assert_eq!(
        text(&EnvFile::source(place, false, nothing()), "A"),
        "1",
        "no secrets"
    );
}

#[test]
fn a_file_that_is_not_there_says_how_to_make_it() {
    let folder = TempDir::new().unwrap();
    let file = secret_file(&folder, "a.env");
    let failure = refused(&file, "A");
    assert_eq!(failure.kind, FailureKind::NotFound);
    write(&folder.path().join("a.env.example"), "A=", 0o644);
    let failure = refused(&file, "A");
    assert!(
        failure.to_string().contains("cp a.env.example a.env"),
        "{failure}"
    );
    assert!(now(file.names()).is_err());
}

#[test]
fn no_relative_path_leads_out_of_the_project() {
    let folder = TempDir::new().unwrap();
    let project = folder.path().join("project");
    fs::create_dir_all(project.join("sub")).unwrap();
    write(&folder.path().join("outside.env"), "A=hunter2", 0o600);
    write(&project.join("a.env"), "A=1", 0o600);
    for written in ["../outside.env", "sub/../../outside.env", ".."] {
        let failure = Place::new(&project, Path::new(written)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused, "{written}");
        assert!(failure.message.contains("leads out of"), "{failure}");
    }
    symlink(folder.path(), project.join("up")).unwrap();
    symlink("../outside.env", project.join("link.env")).unwrap();
    symlink("a.env", project.join("inner.env")).unwrap();
    for written in ["up/outside.env", "link.env", "inner.env"] {
        let place = Place::new(&project, Path::new(written)).unwrap();
        let failure = refused(&EnvFile::source(place, true, nothing()), "A");
        assert_eq!(failure.kind, FailureKind::Refused, "{written}: {failure}");
        assert!(failure.message.contains("symbolic link"), "{failure}");
    }
    let place = Place::new(&project, Path::new("sub/../a.env")).unwrap();
    assert_eq!(text(&EnvFile::source(place, true, nothing()), "A"), "1");
}

#[test]
fn an_absolute_path_may_be_anywhere_but_ends_at_no_link() {
    let (folder, project) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path = folder.path().join("a.env");
    write(&path, "A=1", 0o600);
    symlink(&path, folder.path().join("link.env")).unwrap();
    let file =
        |path: &Path| EnvFile::source(Place::new(project.path(), path).unwrap(), true, nothing());
    assert_eq!(text(&file(&path), "A"), "1");
    assert_eq!(
        refused(&file(&folder.path().join("link.env")), "A").kind,
        FailureKind::Refused
    );
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    let failure = refused(&secret_file(&folder, "folder"), "A");
    assert!(failure.to_string().contains("`dir:`"), "{failure}");
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    assert!(
        refused(&secret_file(&folder, "pipe"), "A")
            .message
            .contains("no ordinary file")
    );
}

#[test]
fn a_file_that_changes_is_read_again_however_it_changes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.env");
    write(&path, "A=1", 0o600);
    let file = secret_file(&folder, "a.env");
    let first = read(&file, "A");
    assert_eq!(read(&file, "A").version, first.version);
    // Of the same length, and within the same tick of the clock.
    write(&path, "A=2", 0o600);
    let second = read(&file, "A");
    assert_eq!(second.value.expose(), b"2");
    assert_ne!(second.version, first.version);
    let other = folder.path().join("other");
    write(&other, "A=3", 0o600);
    fs::rename(&other, &path).unwrap();
    assert_eq!(text(&file, "A"), "3");
    fs::remove_file(&path).unwrap();
    assert_eq!(refused(&file, "A").kind, FailureKind::NotFound);
    write(&path, "A=4", 0o600);
    assert_eq!(text(&file, "A"), "4");
}

#[test]
fn problems_of_a_file_are_all_told_without_its_values() {
    let folder = TempDir::new().unwrap();
    write(
        &folder.path().join("a.env"),
        "A=1\nhunter2\nB=${NONE}\n",
        0o600,
    );
    let failure = refused(&secret_file(&folder, "a.env"), "A");
    assert_eq!(failure.kind, FailureKind::Malformed);
    for part in ["a.env:2:1: ", "a.env:3:3: `NONE` is not set"] {
        assert!(failure.message.contains(part), "{failure}");
    }
    assert!(!failure.to_string().contains("hunter2"));
    assert_eq!(
        (
            failure.unset[0].name.as_str(),
            failure.unset[0].place.as_str()
        ),
        ("NONE", "a.env:3")
    );
}

#[test]
fn the_environment_wins_over_the_file_of_the_project() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(".env");
    let process = Variables::from_fn(|name| (name == "SET").then(|| "process".into()));
    let place = Place::new(folder.path(), Path::new(".env")).unwrap();
    let variables = process.clone().over(EnvFile::of_project(place, process));
    let env = Env::new(vec!["SET".to_owned(), "OWN".to_owned()], variables);
    assert!(now(env.read("OWN")).unwrap().is_none(), "without a file");
    write(&path, "SET=file\nOWN=file:$SET\nHIDDEN=1\n", 0o644);
    assert_eq!(text(&env, "SET"), "process");
    assert_eq!(read(&env, "SET").origin, "the environment");
    assert_eq!(text(&env, "OWN"), "file:file");
    assert_eq!(read(&env, "OWN").origin, ".env:2");
    assert!(
        now(env.read("HIDDEN")).unwrap().is_none(),
        "only what is asked for is given away"
    );
    write(&path, "OWN=new\n", 0o644);
    assert_eq!(text(&env, "OWN"), "new");
}

#[test]
fn a_source_file_whose_variables_change_elsewhere_is_expanded_again() {
    let folder = TempDir::new().unwrap();
    write(&folder.path().join(".env"), "HOST=one\n", 0o644);
    write(&folder.path().join("a.env"), "URL=http://${HOST}\n", 0o644);
    let place = |file: &str| Place::new(folder.path(), Path::new(file)).unwrap();
    let variables = nothing().over(EnvFile::of_project(place(".env"), nothing()));
    let file = EnvFile::source(place("a.env"), false, variables);
    assert_eq!(text(&file, "URL"), "http://one");
    let first = read(&file, "URL").version;
    write(&folder.path().join(".env"), "HOST=other\n", 0o644);
    assert_eq!(text(&file, "URL"), "http://other");
    assert_ne!(read(&file, "URL").version, first);
}

#[test]
fn a_folder_gives_its_files_as_they_are() {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("keys");
    fs::create_dir_all(keys.join("folder")).unwrap();
    let binary: Vec<u8> = (0..=255).collect();
    write(&keys.join("binary"), &binary, 0o600);
    write(&keys.join("large"), vec![b'x'; 1 << 20], 0o600);
    write(&keys.join("line"), "a\n", 0o600);
    write(&keys.join(".hidden"), "no", 0o600);
    let dir = dir(&folder, "keys");
    assert_eq!(now(dir.names()).unwrap(), ["binary", "large", "line"]);
    assert_eq!(read(&dir, "binary").value.expose(), binary);
    assert_eq!(read(&dir, "large").value.expose().len(), 1 << 20);
    assert_eq!(text(&dir, "line"), "a\n");
    assert_eq!(read(&dir, "line").origin, "keys/line");
    for name in [".hidden", "none", "../keys/line", "folder/x", ""] {
        assert!(now(dir.read(name)).unwrap().is_none(), "{name}");
    }
}

#[test]
fn no_name_of_a_folder_leads_out_of_it() {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("keys");
    fs::create_dir(&keys).unwrap();
    write(&folder.path().join("outside"), "hunter2", 0o600);
    symlink("../outside", keys.join("out")).unwrap();
    symlink(folder.path(), folder.path().join("up")).unwrap();
    let failure = refused(&dir(&folder, "keys"), "out");
    assert!(
        failure.message.contains("leads out of its folder"),
        "{failure}"
    );
    assert_eq!(
        refused(&dir(&folder, "up/keys"), "x").kind,
        FailureKind::Refused
    );
}

#[test]
fn a_mount_of_kubernetes_is_read_and_its_exchange_is_seen() {
    let folder = TempDir::new().unwrap();
    let mount = folder.path().join("mount");
    for (version, value) in [("..one", "1"), ("..two", "2")] {
        fs::create_dir_all(mount.join(version)).unwrap();
        write(&mount.join(version).join("password"), value, 0o600);
    }
    symlink("..one", mount.join("..data")).unwrap();
    symlink("..data/password", mount.join("password")).unwrap();
    let dir = dir(&folder, "mount");
    assert_eq!(now(dir.names()).unwrap(), ["password"]);
    let first = read(&dir, "password");
    assert_eq!(first.value.expose(), b"1");
    symlink("..two", mount.join("..data_tmp")).unwrap();
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    fs::remove_dir_all(mount.join("..one")).unwrap();
    let second = read(&dir, "password");
    assert_eq!(second.value.expose(), b"2");
    assert_ne!(first.version, second.version);
}

#[test]
fn a_file_of_a_folder_that_changes_is_read_again() {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("keys");
    fs::create_dir(&keys).unwrap();
    write(&keys.join("a"), "1", 0o600);
    let dir = dir(&folder, "keys");
    let first = read(&dir, "a");
    write(&keys.join("a"), "2", 0o600);
    let second = read(&dir, "a");
    assert_eq!(second.value.expose(), b"2");
    assert_ne!(first.version, second.version);
    assert_eq!(read(&dir, "a").version, second.version);
    fs::remove_file(keys.join("a")).unwrap();
    assert!(now(dir.read("a")).unwrap().is_none());
}
