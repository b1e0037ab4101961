//! apt with a root of its own: own lists and cache, so that it resolves and downloads packages and nothing on the
//! system changes. The system's proxy and certificate settings stay in force.
//!
//! There are two kinds: of another suite, with an empty list of installed packages, which downloads a whole closure;
//! and of the system's own sources, which downloads what the system lacks.

use super::mirror;
use crate::sh::Sh;
use crate::step::Steps;
use anyhow::{Context, Result, anyhow};
use std::fs;
use std::path::{Path, PathBuf};

const STATUS: &str = "/var/lib/dpkg/status";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// An isolated apt that lives in one folder.
pub(crate) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Sets one up in `folder` for `suite`, with the first archive that serves it.
    pub(crate) fn new(steps: &Steps, folder: &Path, suite: &str) -> Result<Self> {
        let apt = Self::make(folder, &configuration(folder, Sources::Own))?;
        fs::write(folder.join("status"), "")?;
        let keyring = keyring(folder)?;
        let mut problem = anyhow!(
            "this system's apt sources name no mirror of Debian; add one to /etc/apt/sources.list, or run `rustup target add wasm32-wasip2`"
        );
        for archive in mirror::candidates() {
            steps.say(format_args!("reading {suite} from {archive}"));
            let line = format!(
                "deb [signed-by={} target=Packages] {archive} {suite} main\n",
                keyring.display()
            );
            fs::write(folder.join("sources.list"), line)?;
            match apt.get().args(["update", "-qq", "--error-on=any"]).run() {
                Ok(()) => return Ok(apt),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    /// Sets one up in `folder` with the system's own sources, and knows what the system has.
    pub(crate) fn of_system(folder: &Path) -> Result<Self> {
        let apt = Self::make(folder, &configuration(folder, Sources::System))?;
        fs::copy(STATUS, folder.join("status")).with_context(|| format!("cannot read {STATUS}"))?;
        apt.get().args(["update", "-qq"]).run()?;
        Ok(apt)
    }

    fn make(folder: &Path, configuration: &str) -> Result<Self> {
        for part in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(folder.join("apt.conf"), configuration)?;
        Ok(Self {
            folder: folder.to_path_buf(),
        })
    }

    /// Whether there is such a package.
    pub(crate) fn has(&self, package: &str) -> bool {
        Sh::new("apt-cache")
            .arg("-c")
            .arg(self.folder.join("apt.conf"))
            .args(["show", "--no-all-versions", package])
            .read()
            .is_ok_and(|said| said.contains("Package: "))
    }

    /// The packages that `package` depends on directly.
    pub(crate) fn depends(&self, package: &str) -> Result<Vec<String>> {
        let said = Sh::new("apt-cache")
            .arg("-c")
            .arg(self.folder.join("apt.conf"))
            .args(["depends", "--important", package])
            .read()?;
        let names = said
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Depends: "));
        Ok(names.map(|name| name.trim().to_owned()).collect())
    }

    /// Downloads `packages`, also those that the system has, and what else they need that the system lacks; answers
    /// the folder of the `.deb` files.
    pub(crate) fn download_again(&self, packages: &[String]) -> Result<PathBuf> {
        let get = self.get().args(["install", "--reinstall"]);
        get.args(["--download-only", "-y", "-qq", "--no-install-recommends"])
            .args(packages)
            .run()?;
        Ok(self.folder.join("cache/archives"))
    }

    /// Downloads `packages` and all that they depend on; answers the folder of the `.deb` files.
    pub(crate) fn download(&self, packages: &[&str]) -> Result<PathBuf> {
        self.get()
            .args([
                "install",
                "--download-only",
                "-y",
                "-qq",
                "--no-install-recommends",
            ])
            .args(packages)
            .run()?;
        Ok(self.folder.join("cache/archives"))
    }

    fn get(&self) -> Sh {
        // After the system's own configuration, so that `#clear` works on its hooks.
        Sh::new("apt-get")
            .arg("-c")
            .arg(self.folder.join("apt.conf"))
    }
}

/// Whose list of archives is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sources {
    Own,
    System,
}

fn configuration(folder: &Path, sources: Sources) -> String {
    let folder = folder.display();
    let mut text = format!(
        r##"#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Dir::State "{folder}/state";
Dir::State::Lists "{folder}/state/lists";
Dir::State::Status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::Archives "{folder}/cache/archives";
Dir::Log "{folder}/state";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "";
APT::Get::List-Cleanup "false";
"##
    );
    if sources == Sources::Own {
        text.push_str(&format!(
            r##"Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
"##
        ));
    }
    text
}

/// The keys of Debian's archive: the system's, else those of the package that every Debian-like system offers.
fn keyring(folder: &Path) -> Result<PathBuf> {
    let system = PathBuf::from(KEYRING);
    if system.is_file() {
        return Ok(system);
    }
    let keys = folder.join("keys");
    fs::create_dir_all(&keys)?;
    let download = Sh::new("apt-get")
        .args(["download", "-q", "debian-archive-keyring"])
        .dir(&keys);
    download.run().context(
        "the keys of Debian's archive are missing; install the package debian-archive-keyring",
    )?;
    for entry in fs::read_dir(&keys)?.flatten() {
        Sh::new("dpkg")
            .arg("-x")
            .arg(entry.path())
            .arg(&keys)
            .run()?;
    }
    Ok(keys.join(KEYRING.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_that_apt_writes_to_lies_in_its_own_root() {
        for sources in [Sources::Own, Sources::System] {
            let text = configuration(Path::new("/own"), sources);
            every_folder_is_own(&text);
        }
    }

    fn every_folder_is_own(text: &str) {
        for key in [
            "Dir::State",
            "Dir::State::Lists",
            "Dir::State::Status",
            "Dir::Cache",
            "Dir::Cache::Archives",
            "Dir::Log",
        ] {
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("{key} ")))
                .unwrap();
            assert!(line.contains("\"/own/"), "{line}");
        }
    }
}
