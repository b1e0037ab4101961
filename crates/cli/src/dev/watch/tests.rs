//! Real changes on a real file system, as they are reported.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::{Change, Watch, Watched};

struct Project {
    folder: TempDir,
    root: PathBuf,
}

impl Project {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("src")).unwrap();
        fs::create_dir_all(root.join("target/out")).unwrap();
        fs::write(root.join("weft.yaml"), "").unwrap();
        Self { folder, root }
    }

    fn watched(&self) -> Watched {
        Watched {
            root: self.root.clone(),
            project_files: vec![self.root.join("weft.yaml")],
            components: vec![self.root.join("target/out/../out/a.wasm")],
            values: vec![self.root.join(".env"), self.root.join("keys")],
            outside: Vec::new(),
        }
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.path().join(file), text).unwrap();
    }
}

async fn next(watch: &mut Watch) -> Change {
    timeout(Duration::from_secs(30), watch.next())
        .await
        .expect("a change is reported")
}

#[tokio::test]
async fn each_kind_of_change_is_told_apart() {
    let project = Project::new();
    let mut watch = Watch::start(project.watched()).await.unwrap();
    project.write("src/a.rs", "1");
    let sources = vec![project.root.join("src/a.rs")];
    assert_eq!(
        next(&mut watch).await,
        Change {
            sources,
            ..Change::default()
        }
    );
    project.write("weft.yaml", "build: {}");
    assert_eq!(
        next(&mut watch).await,
        Change {
            project: true,
            ..Change::default()
        }
    );
    project.write("target/out/a.wasm", "1");
    assert_eq!(
        next(&mut watch).await,
        Change {
            components: true,
            ..Change::default()
        }
    );
}

#[tokio::test]
async fn files_and_folders_of_settings_are_told_apart_from_sources() {
    let project = Project::new();
    project.write(".gitignore", ".env\nkeys/\n");
    fs::create_dir(project.root.join("keys")).unwrap();
    let mut watch = Watch::start(project.watched()).await.unwrap();
    for (file, value) in [(".env", ".env"), ("keys/token", "keys")] {
        project.write(file, "A=1");
        assert_eq!(
            next(&mut watch).await,
            Change {
                values: vec![project.root.join(value)],
                ..Change::default()
            }
        );
    }
    // A file that was refused for its mode counts when that is mended.
    fs::set_permissions(project.root.join(".env"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(next(&mut watch).await.values, [project.root.join(".env")]);
}

#[tokio::test]
async fn changes_that_belong_together_are_one() {
    let project = Project::new();
    let mut watch = Watch::start(project.watched()).await.unwrap();
    for file in ["src/c.rs", "src/a.rs", "src/b.rs"] {
        project.write(file, "1");
    }
    let mut sources = Vec::new();
    while sources.len() < 3 {
        sources.extend(next(&mut watch).await.sources);
    }
    sources.sort();
    assert_eq!(
        sources,
        ["src/a.rs", "src/b.rs", "src/c.rs"].map(|file| project.root.join(file))
    );
}

#[tokio::test]
async fn a_watch_that_points_elsewhere_sees_what_is_there() {
    let project = Project::new();
    let mut watch = Watch::start(project.watched()).await.unwrap();
    fs::create_dir(project.root.join("dist")).unwrap();
    let mut watched = project.watched();
    watched.components = vec![project.root.join("dist/b.wasm")];
    watched.outside = vec![project.root.join("src")];
    watch.point_at(watched);
    // A change of a source that still counts: what was pointed at before it is in force after it.
    project.write("here", "1");
    assert_eq!(next(&mut watch).await.sources, [project.root.join("here")]);
    project.write("src/a.rs", "1");
    project.write("target/out/a.wasm", "1");
    project.write("dist/b.wasm", "1");
    assert_eq!(
        next(&mut watch).await,
        Change {
            components: true,
            ..Change::default()
        }
    );
}

#[tokio::test]
async fn a_folder_outside_that_holds_the_whole_project_leaves_its_sources() {
    let project = Project::new();
    let mut watched = project.watched();
    watched.outside = vec![project.root.clone()];
    let mut watch = Watch::start(watched).await.unwrap();
    project.write("src/a.rs", "1");
    assert_eq!(
        next(&mut watch).await.sources,
        [project.root.join("src/a.rs")]
    );
}
