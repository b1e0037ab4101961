//! Which files of a project are no sources: what tools make, what git ignores, what editors leave for a moment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Never sources, whatever `.gitignore` says. In its syntax.
const NEVER: [&str; 27] = [
    "target/",
    "node_modules/",
    "dist/",
    ".git/",
    ".hg/",
    ".svn/",
    ".jj/",
    ".wash/",
    ".idea/",
    ".vscode/",
    ".direnv/",
    ".venv/",
    "__pycache__/",
    "*.wasm",
    "*~",
    ".#*",
    // The backslash keeps it from being a comment.
    "\\#*#",
    "*.sw[nopx]",
    "*.tmp",
    // Among them what `weft dev 2> dev.log` itself writes.
    "*.log",
    "*.orig",
    "*.rej",
    // Vim tries with this name whether it may write.
    "4913",
    "*___jb_tmp___",
    "*___jb_old___",
    ".goutputstream-*",
    ".DS_Store",
];

/// The rules for one project.
pub(super) struct Ignored {
    root: PathBuf,
    /// The folder from which `.gitignore` files count: that of the repository.
    top: PathBuf,
    never: Gitignore,
    outside: Vec<PathBuf>,
    /// The rules of each folder's `.gitignore`, read when first needed.
    by_folder: HashMap<PathBuf, Gitignore>,
}

impl Ignored {
    pub(super) fn new(root: &Path, outside: Vec<PathBuf>) -> Self {
        let mut never = GitignoreBuilder::new(root);
        for pattern in NEVER {
            if let Err(error) = never.add_line(None, pattern) {
                tracing::error!(%error, pattern, "a built-in pattern is wrong");
            }
        }
        let top = root
            .ancestors()
            .find(|folder| folder.join(".git").exists())
            .unwrap_or(root);
        Self {
            root: root.to_owned(),
            top: top.to_owned(),
            never: never.build().unwrap_or_else(|_| Gitignore::empty()),
            outside,
            by_folder: HashMap::new(),
        }
    }

    /// Replaces the folders that hold no sources.
    pub(super) fn leave_out(&mut self, outside: Vec<PathBuf>) {
        self.outside = outside;
    }

    /// Forgets the rules of a folder, because its `.gitignore` was saved.
    pub(super) fn read_again(&mut self, folder: &Path) {
        self.by_folder.remove(folder);
    }

    /// Whether a path, or a folder that it is in, holds no sources.
    pub(super) fn covers(&mut self, path: &Path, is_folder: bool) -> bool {
        let Ok(below) = path.strip_prefix(&self.root) else {
            return true;
        };
        let mut at = self.root.clone();
        let mut parts = below.components().peekable();
        while let Some(part) = parts.next() {
            at.push(part);
            if self.covers_itself(&at, is_folder || parts.peek().is_some()) {
                return true;
            }
        }
        false
    }

    /// The same for the path alone, when the folders above are known to hold sources.
    pub(super) fn covers_itself(&mut self, path: &Path, is_folder: bool) -> bool {
        if self.outside.iter().any(|folder| folder == path)
            || self.never.matched(path, is_folder).is_ignore()
        {
            return true;
        }
        // The nearest `.gitignore` that has an opinion decides.
        for folder in path.ancestors().skip(1) {
            let rules = self
                .by_folder
                .entry(folder.to_owned())
                .or_insert_with(|| rules_of(folder));
            let matched = rules.matched(path, is_folder);
            if !matched.is_none() {
                return matched.is_ignore();
            }
            if folder == self.top {
                break;
            }
        }
        false
    }
}

fn rules_of(folder: &Path) -> Gitignore {
    let file = folder.join(".gitignore");
    if !file.is_file() {
        return Gitignore::empty();
    }
    let mut rules = GitignoreBuilder::new(folder);
    if let Some(error) = rules.add(&file) {
        tracing::warn!(%error, "a line of `{}` is not understood", file.display());
    }
    rules.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests;
