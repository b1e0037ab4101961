//! Which value wins, where it is from, and everything that is missing at once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{Block, Lack, Resolved, resolve};
use crate::provider::tests::now;
use crate::{Given, Kind, Secret, Source, Variables};

fn inline(values: &[(&str, &str)]) -> BTreeMap<String, (Secret, String)> {
    let place = |(name, value): &(&str, &str)| {
        (
            name.to_string(),
            (value.to_string().into(), format!("weft.yaml:{name}")),
        )
    };
    values.iter().map(place).collect()
}

fn source(folder: &TempDir, kind: Kind, name: &str, given: Given) -> Source {
    let variables = Variables::from_fn(|name| (name == "D").then(|| "env".into()));
    Source::new(kind, name, given, folder.path(), &variables).unwrap()
}

fn resolved(block: Block<'_>) -> Resolved {
    now(Box::pin(async { Ok(resolve(block).await) })).unwrap()
}

fn shown(resolved: &Resolved) -> Vec<String> {
    let values = resolved.values.iter();
    values
        .map(|(name, value)| {
            format!(
                "{name}={} {}",
                value.value.expose_text().unwrap(),
                value.origin
            )
        })
        .collect()
}

#[test]
fn within_a_source_file_wins_over_inline_dir_over_file_and_the_environment_over_all() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.env"), "B=file\nC=file\nD=file\n").unwrap();
    fs::create_dir(folder.path().join("keys")).unwrap();
    for name in ["C", "D"] {
        fs::write(folder.path().join("keys").join(name), "dir").unwrap();
    }
    let given = Given {
        inline: inline(&[
            ("A", "inline"),
            ("B", "inline"),
            ("C", "inline"),
            ("D", "inline"),
        ]),
        file: Some(PathBuf::from("a.env")),
        dir: Some(PathBuf::from("keys")),
        from_env: vec!["D".to_owned()],
        ..Given::default()
    };
    let source = source(&folder, Kind::Config, "all", given);
    let block = Block {
        sources: vec![&source],
        ..Block::default()
    };
    let found = resolved(block);
    assert_eq!(
        shown(&found),
        [
            "A=inline weft.yaml:A",
            "B=file a.env:1",
            "C=dir keys/C",
            "D=env the environment"
        ]
    );
    assert!(found.missing.is_empty());
}

#[test]
fn later_sources_win_and_secrets_are_marked() {
    let folder = TempDir::new().unwrap();
    let with = |kind, name, values: &[(&str, &str)]| {
        let given = Given {
            inline: inline(values),
            ..Given::default()
        };
        source(&folder, kind, name, given)
    };
    let one = with(
        Kind::Config,
        "one",
        &[("A", "one"), ("B", "one"), ("C", "one")],
    );
    let two = with(Kind::Config, "two", &[("B", "two"), ("C", "two")]);
    let key = with(Kind::Secret, "key", &[("C", "key")]);
    let found = resolved(Block {
        own: inline(&[("A", "own"), ("O", "own")]),
        sources: vec![&one, &two, &key],
    });
    let values: Vec<_> = shown(&found)
        .iter()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(values, ["A=one", "B=two", "C=key", "O=own"]);
    let secret: Vec<_> = found
        .values
        .iter()
        .filter(|(_, value)| value.secret)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(secret, ["C"]);
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("open.env"), "X=1").unwrap();
    fs::set_permissions(
        folder.path().join("open.env"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let given = |file: Option<&str>, from_env: &[&str]| Given {
        file: file.map(PathBuf::from),
        from_env: from_env.iter().map(ToString::to_string).collect(),
        ..Given::default()
    };
    let one = source(
        &folder,
        Kind::Config,
        "one",
        given(Some("absent.env"), &["A", "D"]),
    );
    let two = source(
        &folder,
        Kind::Secret,
        "two",
        given(Some("open.env"), &["B"]),
    );
    let found = resolved(Block {
        own: inline(&[("B", "no substitute for a secret")]),
        sources: vec![&one, &two],
    });
    let missing = found.missing.iter().map(|missing| {
        let what = match &missing.what {
            Lack::Name(name) => name.clone(),
            Lack::Failed(failure) => failure
                .message
                .split_whitespace()
                .take(4)
                .collect::<Vec<_>>()
                .join(" "),
        };
        format!("{}.{} {what}", missing.kind.section(), missing.source)
    });
    let missing: Vec<String> = missing.collect();
    assert_eq!(
        missing,
        [
            "configs.one the file `absent.env` is",
            "configs.one A",
            "secrets.two the secret file `open.env`",
            "secrets.two B",
        ]
    );
}

#[test]
fn a_name_that_another_part_of_the_same_source_has_is_not_missing() {
    let folder = TempDir::new().unwrap();
    let given = Given {
        inline: inline(&[("A", "default")]),
        from_env: vec!["A".to_owned()],
        ..Given::default()
    };
    let source = source(&folder, Kind::Config, "one", given);
    let found = resolved(Block {
        sources: vec![&source],
        ..Block::default()
    });
    assert_eq!(shown(&found), ["A=default weft.yaml:A"]);
    assert!(found.missing.is_empty());
}
