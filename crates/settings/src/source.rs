//! One of `configs:` or `secrets:`: its providers in their order, and what deserves a look about them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::gitignore::would_be_committed;
use crate::open::Place;
use crate::provider::dir::Dir;
use crate::provider::env::{Env, Variables};
use crate::provider::file::EnvFile;
use crate::provider::inline::Inline;
use crate::provider::{Answer, Failure, Provider, Reading};
use crate::secret::Secret;

/// Which of the two sections a source is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `configs:`. Its values may be shown.
    Config,
    /// `secrets:`. Its values are never shown.
    Secret,
}

impl Kind {
    /// The name of the section.
    pub fn section(self) -> &'static str {
        match self {
            Self::Config => "configs",
            Self::Secret => "secrets",
        }
    }
}

/// What a project file says about a source.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Values by name, each with its place, such as `weft.yaml:7`.
    pub inline: BTreeMap<String, (Secret, String)>,
    /// A `.env` file, as written.
    pub file: Option<PathBuf>,
    /// A folder with one file for each name, as written.
    pub dir: Option<PathBuf>,
    /// Variables to pass on.
    pub from_env: Vec<String>,
    /// Further places that win over those above.
    pub more: Vec<Arc<dyn Provider>>,
}

/// A source: `inline`, then `file`, then `dir`, then `fromEnv`, then further places, each winning over what came before.
pub struct Source {
    kind: Kind,
    name: String,
    /// The one that wins last.
    providers: Vec<Arc<dyn Provider>>,
    file: Option<Arc<EnvFile>>,
    dir: Option<Arc<Dir>>,
    from_env: Vec<String>,
}

impl Source {
    /// Puts a source together. `base` is the project's folder, which relative paths stay below.
    pub fn new(
        kind: Kind,
        name: impl Into<String>,
        given: Given,
        base: &Path,
        variables: &Variables,
    ) -> Result<Self, Failure> {
        let name = name.into();
        let origin = format!("`{}.{name}.inline`", kind.section());
        let mut source = Self {
            kind,
            name,
            providers: Vec::new(),
            file: None,
            dir: None,
            from_env: given.from_env.clone(),
        };
        if !given.inline.is_empty() {
            source
                .providers
                .push(Arc::new(Inline::new(given.inline, origin)));
        }
        if let Some(written) = given.file {
            let place = Place::new(base, &written)?;
            let file = Arc::new(EnvFile::source(
                place,
                kind == Kind::Secret,
                variables.clone(),
            ));
            source.providers.push(Arc::<EnvFile>::clone(&file));
            source.file = Some(file);
        }
        if let Some(written) = given.dir {
            let dir = Arc::new(Dir::new(Place::new(base, &written)?));
            source.providers.push(Arc::<Dir>::clone(&dir));
            source.dir = Some(dir);
        }
        if !given.from_env.is_empty() {
            source
                .providers
                .push(Arc::new(Env::new(given.from_env, variables.clone())));
        }
        source.providers.extend(given.more);
        Ok(source)
    }

    /// Which section it is in.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name in that section.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its `.env` file.
    pub fn file(&self) -> Option<&EnvFile> {
        self.file.as_deref()
    }

    /// Its folder.
    pub fn dir(&self) -> Option<&Dir> {
        self.dir.as_deref()
    }

    /// The variables that it passes on.
    pub fn from_env(&self) -> &[String] {
        &self.from_env
    }

    /// Its places, in the order in which they win over each other.
    pub(crate) fn providers(&self) -> impl Iterator<Item = &dyn Provider> {
        self.providers.iter().map(AsRef::as_ref)
    }

    /// What deserves a look, but stops nothing.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(file) = &self.file {
            if self.kind == Kind::Secret && file.path().exists() && would_be_committed(file.path())
            {
                warnings.push(format!(
                    "`{}` holds secrets, and git does not ignore it: add it to .gitignore",
                    file.shown()
                ));
            }
            let document = file.document().ok().flatten();
            let repeated = document.iter().flat_map(|document| &document.warnings);
            warnings.extend(repeated.map(|problem| format!("{}:{problem}", file.shown())));
        }
        if let Some(dir) = self.dir.as_ref().filter(|_| self.kind == Kind::Secret) {
            let (names, all) = (dir.open_to_all(), dir.listed());
            if let Some(first) = names.first() {
                warnings.push(format!(
                    "every user of this machine may read the secret `{}/{first}`{}: chmod 600 {0}/*",
                    dir.shown(),
                    match names.len() {
                        1 => String::new(),
                        count => format!(" and {} more", count.saturating_sub(1)),
                    }
                ));
            }
            if all
                .iter()
                .any(|name| would_be_committed(&dir.path().join(name)))
            {
                warnings.push(format!(
                    "`{}` holds secrets, and git does not ignore it: add it to .gitignore",
                    dir.shown()
                ));
            }
        }
        warnings
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Provider for Source {
    fn names(&self) -> Answer<'_, Vec<String>> {
        Box::pin(async {
            let mut names = Vec::new();
            for provider in &self.providers {
                names.extend(provider.names().await?);
            }
            names.sort();
            names.dedup();
            Ok(names)
        })
    }

    fn read<'a>(&'a self, name: &'a str) -> Answer<'a, Option<Reading>> {
        Box::pin(async move {
            for provider in self.providers.iter().rev() {
                if let Some(reading) = provider.read(name).await? {
                    return Ok(Some(reading));
                }
            }
            Ok(None)
        })
    }

    fn origin(&self) -> String {
        format!("`{}.{}`", self.kind.section(), self.name)
    }
}
