//! Pure modules decide; they do not do. They may be tested without a runtime because they import nothing that does
//! input or output.

use super::Finding;
use super::lex::is_word;
use super::repository::Repository;
use std::collections::BTreeSet;

/// Where pure modules are: files whose paths start like this.
const PURE: [&str; 11] = [
    "crates/api/src/",
    "crates/engine/src/plan",
    "crates/engine/src/grants",
    "crates/engine/src/service/backoff",
    "crates/net/src/firewall/ask",
    "crates/net/src/firewall/denial",
    "crates/net/src/firewall/entry",
    "crates/net/src/firewall/host",
    "crates/net/src/firewall/policy",
    "crates/net/src/firewall/ranges",
    "crates/net/src/loopback",
];

/// What does input or output.
const FORBIDDEN: [&str; 12] = [
    "tokio",
    "hyper",
    "hyper_util",
    "reqwest",
    "kube",
    "async_nats",
    "std::fs",
    "std::process",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::thread",
];

/// File, import, and why it is right there.
const ALLOWED: [(&str, &str); 1] = [
    // Finding the project file of a folder is reading that folder.
    ("crates/api/src/project/discover.rs", "std::fs"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, file) in repository.rust().filter(|(path, _)| is_pure(path)) {
        let code = &file.lexed.production;
        let used = imports(code).into_iter().chain(direct_uses(code));
        let forbidden = |used: &str| FORBIDDEN.into_iter().find(|name| is_within(used, name));
        let found: BTreeSet<(usize, &str)> = used
            .filter_map(|(offset, used)| Some((offset, forbidden(&used)?)))
            .collect();
        for (offset, name) in found
            .into_iter()
            .filter(|(_, name)| !ALLOWED.contains(&(path, *name)))
        {
            let to_do = "hand the data in, or move the work to a module that may do it";
            findings.push(Finding::at(
                path,
                code,
                offset,
                format!("a pure module uses `{name}`"),
                to_do,
            ));
        }
    }
    findings
}

fn is_pure(path: &str) -> bool {
    PURE.iter().any(|start| path.starts_with(start))
        && !path.ends_with("/tests.rs")
        && !path.contains("/tests/")
}

fn is_within(used: &str, name: &str) -> bool {
    used.strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every path that a `use` brings in, with groups taken apart.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (offset, _) in code.match_indices("use ") {
        let starts = code
            .as_bytes()
            .get(offset.wrapping_sub(1))
            .is_none_or(|byte| !is_word(*byte));
        let Some((tree, _)) = code
            .get(offset + 4..)
            .and_then(|rest| rest.split_once(';'))
            .filter(|_| starts)
        else {
            continue;
        };
        let tree: String = tree
            .split_whitespace()
            .take_while(|part| *part != "as")
            .collect();
        expand(&tree, "", &mut |path| found.push((offset, path)));
    }
    found
}

/// Takes `a::{b, c::{d, e}}` apart.
fn expand(tree: &str, prefix: &str, each: &mut impl FnMut(String)) {
    let Some((before, group)) = tree.split_once('{') else {
        return each(format!("{prefix}{}", tree.trim_end_matches("::self")));
    };
    let prefix = format!("{prefix}{before}");
    let (mut depth, mut item) = (0_usize, String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&std::mem::take(&mut item), &prefix, each);
                continue;
            }
            _ => {}
        }
        item.push(c);
    }
    if !item.is_empty() {
        expand(&item, &prefix, each);
    }
}

/// Every forbidden path that code writes out in full.
fn direct_uses(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for name in FORBIDDEN {
        for (offset, _) in code.match_indices(&format!("{name}::")) {
            let before = code
                .get(..offset)
                .unwrap_or_default()
                .trim_end_matches(char::is_whitespace);
            let in_use = before.ends_with("use");
            let starts = before.len() < offset
                || !before
                    .bytes()
                    .last()
                    .is_some_and(|byte| is_word(byte) || byte == b':');
            if starts && !in_use {
                found.push((offset, name.to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, source: &str) -> Vec<String> {
        check(&Repository::of(&[(path, source)]))
            .iter()
            .map(Finding::to_string)
            .collect()
    }

    #[test]
    fn input_and_output_in_a_pure_module_is_found_however_it_is_imported() {
        for source in [
            "use tokio::fs;",
            "use std::fs;",
            "pub use std::{collections::BTreeMap, fs::{self, File}, io};",
            "use std::net::{IpAddr, TcpStream};",
            "fn f() { std::fs::read(p); }",
            "async fn f() { tokio::time::sleep(d).await }",
            "use std::{\n    process::Command,\n};",
        ] {
            let found = found("crates/api/src/x.rs", source);
            assert_eq!(found.len(), 1, "{source}: {found:?}");
        }
    }

    #[test]
    fn data_types_and_words_that_look_alike_are_not_found() {
        for source in [
            "use std::net::{IpAddr, SocketAddr};",
            "use std::path::Path; // not std::fs::read",
            "use crate::tokio_like::x; fn f() { mystd::fs::g(); let s = \"tokio::spawn\"; }",
            "use super::{fs, process};",
            "#[cfg(test)]\nmod tests { use std::fs; }",
        ] {
            assert_eq!(
                found("crates/engine/src/plan/x.rs", source),
                Vec::<String>::new(),
                "{source}"
            );
        }
    }

    #[test]
    fn other_modules_tests_and_the_allowed_file_may() {
        for path in [
            "crates/engine/src/compile.rs",
            "crates/api/src/ids/tests.rs",
            "crates/api/src/project/discover.rs",
        ] {
            assert!(found(path, "use std::fs;").is_empty(), "{path}");
        }
        assert_eq!(
            found("crates/api/src/project/discover.rs", "use tokio::fs;").len(),
            1
        );
    }

    #[test]
    fn the_finding_names_the_line() {
        let found = found(
            "crates/net/src/firewall/policy.rs",
            "//! Doc.\n\nuse hyper::Uri;\n",
        );
        assert!(
            found[0].starts_with("crates/net/src/firewall/policy.rs:3: a pure module uses `hyper`"),
            "{found:?}"
        );
    }
}
