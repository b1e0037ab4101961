//! Every Rust file belongs to a target: one that no `mod` declares is never compiled and rots.

use super::Finding;
use super::lex::is_word;
use super::repository::{File, Repository};
use crate::metadata::Metadata;
use std::collections::BTreeSet;

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let workspaces = repository.others.iter().chain([&repository.host]);
    let roots = workspaces.flat_map(|workspace| roots(workspace, &repository.root));
    let mut waiting: Vec<(String, bool)> = roots.map(|path| (path, true)).collect();
    let mut known = BTreeSet::new();
    while let Some((path, is_root)) = waiting.pop() {
        let Some(file) = repository
            .files
            .get(&path)
            .filter(|_| known.insert(path.clone()))
        else {
            continue;
        };
        waiting.extend(
            modules(&path, is_root, file)
                .into_iter()
                .map(|path| (path, false)),
        );
    }
    let orphans = repository.rust().filter(|(path, _)| !known.contains(*path));
    let to_do = "declare it with `mod`, or delete it";
    orphans
        .map(|(path, _)| Finding::in_file(path, "no target contains this file", to_do))
        .collect()
}

/// The files of the targets that lie in the repository, as paths from its root.
fn roots(workspace: &Metadata, root: &str) -> Vec<String> {
    let members = workspace
        .packages
        .iter()
        .filter(|package| workspace.workspace_members.contains(&package.id));
    let sources = members
        .flat_map(|package| &package.targets)
        .map(|target| target.src_path.display().to_string());
    sources
        .filter_map(|path| {
            path.strip_prefix(root)
                .map(|path| path.trim_start_matches('/').to_owned())
        })
        .collect()
}

/// The files that the `mod` lines of a file may mean; those that do not exist are the compiler's business.
fn modules(path: &str, is_root: bool, file: &File) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.trim_end_matches(".rs");
    let base = if is_root || stem == "mod" {
        folder.to_owned()
    } else {
        format!("{folder}/{stem}")
    };
    let mut found = Vec::new();
    let mut inside: Vec<(usize, &str)> = Vec::new(); // inline modules around, with the depth of their braces
    let mut depth = 0_usize;
    let code = file.lexed.code.as_str();
    for (offset, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                inside.retain(|(at, _)| *at <= depth);
            }
            'm' => {
                let Some((module, has_body)) = declaration(code, offset) else {
                    continue;
                };
                if has_body {
                    inside.push((depth + 1, module));
                    continue;
                }
                let around: String = inside.iter().map(|(_, name)| format!("/{name}")).collect();
                match attribute_path(file, offset) {
                    // From the folder of the file, or of the inline module around.
                    Some(given) if inside.is_empty() => {
                        found.push(normal(&format!("{folder}/{given}")))
                    }
                    Some(given) => found.push(normal(&format!("{base}{around}/{given}"))),
                    None => found.extend([
                        format!("{base}{around}/{module}.rs"),
                        format!("{base}{around}/{module}/mod.rs"),
                    ]),
                }
            }
            _ => {}
        }
    }
    found
}

/// The name of the module that is declared at `offset`, and whether its body follows.
fn declaration(code: &str, offset: usize) -> Option<(&str, bool)> {
    let (before, rest) = code.split_at(offset);
    if before.bytes().last().is_some_and(is_word) {
        return None;
    }
    let rest = rest
        .strip_prefix("mod")?
        .strip_prefix(char::is_whitespace)?
        .trim_start();
    let rest = rest.strip_prefix("r#").unwrap_or(rest);
    let length = rest.bytes().position(|byte| !is_word(byte))?;
    let (name, rest) = rest.split_at(length);
    match rest.trim_start().chars().next()? {
        ';' => Some((name, false)),
        '{' => Some((name, true)),
        _ => None,
    }
}

/// The value of `#[path = ".."]` if the item at `offset` has one. Values are blank in code, so it is read from the text.
fn attribute_path(file: &File, offset: usize) -> Option<&str> {
    let before = file.lexed.code.get(..offset)?;
    let item = before.rfind([';', '{', '}']).map_or(0, |at| at + 1);
    let attribute = item + before.get(item..)?.find("#[path")?;
    file.text.get(attribute..offset)?.split('"').nth(1)
}

/// Takes `.` and `..` out of a path.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
