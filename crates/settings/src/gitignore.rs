//! Whether git would take a file into a commit.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Whether a file is in a git work tree and no rule keeps it out: those of `.gitignore` in its folder and above, of the
/// repository's own list, and of the user's. What is committed already is not looked at.
pub fn would_be_committed(file: &Path) -> bool {
    let Some(folder) = file.parent().and_then(|folder| folder.canonicalize().ok()) else {
        return false;
    };
    let Some(name) = file.file_name() else {
        return false;
    };
    let file = folder.join(name);
    let Some(top) = folder
        .ancestors()
        .find(|folder| folder.join(".git").exists())
    else {
        return false;
    };
    // The nearest rules decide; a folder that is ignored takes its files along.
    for folder in folder.ancestors() {
        let rules = rules(folder, &folder.join(".gitignore"));
        let matched = rules.matched_path_or_any_parents(&file, false);
        if !matched.is_none() {
            return !matched.is_ignore();
        }
        if folder == top {
            break;
        }
    }
    let own = rules(top, &top.join(".git/info/exclude"));
    let matched = own.matched_path_or_any_parents(&file, false);
    if !matched.is_none() {
        return !matched.is_ignore();
    }
    let Ok(below) = file.strip_prefix(top) else {
        return true;
    };
    // The user's rules are relative to wherever they are applied.
    let mut builder = GitignoreBuilder::new("");
    let _ = ignore::gitignore::gitconfig_excludes_path().map(|path| builder.add(path));
    let user = builder.build().unwrap_or_else(|_| Gitignore::empty());
    !user.matched_path_or_any_parents(below, false).is_ignore()
}

fn rules(folder: &Path, file: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    if file.is_file() {
        // A line that is not understood is one that git does not understand either.
        let _ = builder.add(file);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::would_be_committed;

    #[test]
    fn a_file_is_committed_in_a_repository_unless_a_rule_keeps_it_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let inner = root.join("app");
        fs::create_dir_all(inner.join("keys")).unwrap();
        let file = inner.join(".env");
        assert!(!would_be_committed(&file), "there is no repository");
        fs::create_dir_all(root.join(".git/info")).unwrap();
        assert!(would_be_committed(&file));
        for (place, rule) in [
            (".gitignore", ".env"),
            (".gitignore", "/app/"),
            ("app/.gitignore", "*\n!.env.example"),
            (".git/info/exclude", ".env"),
        ] {
            fs::write(root.join(place), rule).unwrap();
            assert!(!would_be_committed(&file), "{place}: {rule}");
            fs::remove_file(root.join(place)).unwrap();
        }
        fs::write(root.join(".gitignore"), ".env").unwrap();
        fs::write(root.join("app/.gitignore"), "!.env").unwrap();
        assert!(would_be_committed(&file), "the nearest rule decides");
    }

    #[test]
    fn the_example_is_kept_while_the_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join(".git")).unwrap();
        fs::write(root.join(".gitignore"), ".env*\n!.env.example\n").unwrap();
        assert!(!would_be_committed(&root.join(".env")));
        assert!(would_be_committed(&root.join(".env.example")));
    }
}
