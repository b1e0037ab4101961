//! Every guest is used by a test of the host or a benchmark: its name stands as a string in a file under `crates/` or
//! `xtask/src/bench/`.

use super::Finding;
use super::repository::Repository;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let guests = repository
        .others
        .iter()
        .flat_map(|workspace| &workspace.packages)
        .filter(|package| {
            let manifest = package.manifest_path.display().to_string();
            manifest
                .strip_prefix(&repository.root)
                .is_some_and(|path| path.starts_with("/guests/"))
        });
    let component = |kind: &String| matches!(kind.as_str(), "bin" | "cdylib" | "example");
    let targets = guests
        .flat_map(|package| &package.targets)
        .filter(|target| target.kind.iter().any(component));
    let unused = targets.filter(|target| {
        let name = format!("\"{}\"", target.name);
        !repository
            .rust()
            .any(|(path, file)| uses_guests(path) && file.text.contains(&name))
    });
    let to_do = "test or measure the behaviour that it shows, or delete it";
    unused
        .map(|target| {
            Finding::in_file(
                &place(repository, &target.src_path.display().to_string()),
                format!(
                    "no test of the host and no benchmark names the guest \"{}\"",
                    target.name
                ),
                to_do,
            )
        })
        .collect()
}

fn uses_guests(path: &str) -> bool {
    path.starts_with("crates/") || path.starts_with("xtask/src/bench/")
}

fn place(repository: &Repository, path: &str) -> String {
    path.strip_prefix(&repository.root)
        .unwrap_or(path)
        .trim_start_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_no_test_uses_is_found() {
        let mut repository = Repository::of(&[
            ("crates/engine/tests/it/http.rs", "let a = guest(\"used\");"),
            ("xtask/src/bench/cases.rs", "guest: \"measured\","),
        ]);
        let target = |name: &str, kind: &str| {
            format!(r#"{{"name":"{name}","kind":["{kind}"],"src_path":"/repo/guests/{name}.rs"}}"#)
        };
        let targets = [
            target("used", "example"),
            target("measured", "example"),
            target("unused", "example"),
            target("shared", "lib"),
        ]
        .join(",");
        let package = format!(
            r#"{{"id":"g","name":"g","manifest_path":"/repo/guests/Cargo.toml","dependencies":[],"targets":[{targets}]}}"#
        );
        repository.others =
            vec![serde_json::from_str(&format!(r#"{{"packages":[{package}]}}"#)).unwrap()];
        let found: Vec<String> = check(&repository).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with(
                "guests/unused.rs: no test of the host and no benchmark names the guest \"unused\""
            ),
            "{found:?}"
        );
    }
}
