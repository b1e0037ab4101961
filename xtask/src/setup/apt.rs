//! apt with a root of its own: own sources, lists, cache and an empty list of installed packages, so that it
//! resolves and downloads a whole closure of packages and nothing on the system changes. The system's proxy and
//! certificate settings stay in force.

use super::mirror;
use crate::sh::Sh;
use crate::step::Steps;
use anyhow::{Context, Result, anyhow};
use std::fs;
use std::path::{Path, PathBuf};

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// An isolated apt that lives in one folder.
pub(crate) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Sets one up in `folder` for `suite`, with the first archive that serves it.
    pub(crate) fn new(steps: &Steps, folder: &Path, suite: &str) -> Result<Self> {
        for part in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(folder.join("status"), "")?;
        fs::write(folder.join("apt.conf"), configuration(folder))?;
        let apt = Self {
            folder: folder.to_path_buf(),
        };
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

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r##"#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
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
    )
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
        let text = configuration(Path::new("/own"));
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
