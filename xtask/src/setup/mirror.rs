//! Which archive serves Debian's packages here: the mirrors of Debian that the system itself uses.

use crate::sh::Sh;

/// The archives to try, in the order of the system's sources; empty on a system that uses none.
pub(crate) fn candidates() -> Vec<String> {
    let targets = Sh::new("apt-get").args([
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
    ]);
    debian_archives(&targets.read().unwrap_or_default()) // a system without sources has no mirror
}

/// The addresses in `lines` that are mirrors of Debian's main archive, by the name that every mirror gives it.
fn debian_archives(lines: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for uri in lines.lines().map(str::trim) {
        let archive = uri.trim_end_matches('/').ends_with("/debian");
        if archive && !found.iter().any(|known| known == uri) {
            found.push(uri.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::debian_archives;

    #[test]
    fn the_systems_mirror_is_found_once_and_security_and_foreign_archives_are_not() {
        let lines = "http://mirror.example/debian/\nhttp://mirror.example/debian/\n\
                     http://mirror.example/debian-security/\nhttps://packages.example/apt/\n";
        assert_eq!(debian_archives(lines), ["http://mirror.example/debian/"]);
    }

    #[test]
    fn an_ubuntu_system_has_no_debian_mirror() {
        assert!(debian_archives("http://archive.ubuntu.com/ubuntu/\n").is_empty());
    }
}
