//! `weft config show`: everything that a project file says and what its components see, each with its place. Secrets are
//! masked, all alike.

use std::process::ExitCode;

use serde_json::{Value as Json, json};
use weft_api::project::{Content, Leaf};

use crate::dev::Parsed;
use crate::printer::{FAINT, Global, NAME};
use crate::settings::Plan;

/// What stands for a secret, whatever its length.
const MASK: &str = "********";

/// Keys of `dev` that hold URLs with passwords.
const URLS: [&str; 4] = [
    "postgres_url",
    "data_nats_url",
    "wasi_keyvalue_redis_url",
    "wasi_keyvalue_nats_url",
];

/// A line of the output.
struct Shown {
    name: String,
    value: Json,
    secret: bool,
    origin: String,
}

pub(super) async fn run(parsed: &Parsed, plan: &Plan, global: &Global) -> anyhow::Result<ExitCode> {
    let outcome = plan.resolve().await;
    let file = &parsed.shown;
    let mut written: Vec<Shown> = parsed
        .outline
        .leaves()
        .iter()
        .map(|leaf| of_leaf(leaf, parsed))
        .collect();
    written.extend(defaults(parsed));
    let environments: Vec<_> = outcome
        .values
        .iter()
        .map(|(owner, values)| {
            let values = values.iter().map(|(name, value)| Shown {
                name: name.clone(),
                value: match value.value.expose_text() {
                    Some(text) if !value.secret => without_password(text).into(),
                    _ => MASK.into(),
                },
                secret: value.secret,
                origin: value.origin.clone(),
            });
            (owner.shown(), values.collect::<Vec<_>>())
        })
        .collect();

    let object = |shown: &Shown| json!({ "name": shown.name, "value": shown.value, "secret": shown.secret, "origin": shown.origin });
    let environment = environments.iter().map(|(owner, values)| {
        json!({ "owner": owner, "values": values.iter().map(object).collect::<Vec<_>>() })
    });
    global.object(&json!({
        "event": "configuration", "file": file, "values": written.iter().map(object).collect::<Vec<_>>(),
        "environments": environment.collect::<Vec<_>>(), "missing": outcome.lacking,
    }));
    lines(&format!("{file} and defaults"), &written, global);
    for (owner, values) in environments.iter().filter(|(_, values)| !values.is_empty()) {
        lines(&format!("environment of {owner}"), values, global);
    }
    for lack in &outcome.lacking {
        global.note(&lack.message);
    }
    // Everything is shown, but whoever only asks whether it went well hears that the project would not start.
    Ok(match outcome.lacking.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn lines(title: &str, values: &[Shown], global: &Global) {
    global.line(format_args!("{NAME}{title}{NAME:#}"));
    for shown in values {
        let value = match &shown.value {
            Json::String(text) => text.escape_debug().to_string(),
            other => other.to_string(),
        };
        let (name, origin) = (&shown.name, &shown.origin);
        global.line(format_args!(
            "  {name} = {value}  {FAINT}({origin}){FAINT:#}"
        ));
    }
}

fn of_leaf(leaf: &Leaf<'_>, parsed: &Parsed) -> Shown {
    let path: Vec<&str> = leaf.path.iter().map(String::as_str).collect();
    let secret = is_secret(&path, parsed);
    let value = match leaf.value {
        _ if secret => MASK.into(),
        Content::Boolean(value) => (*value).into(),
        Content::Integer(value) => (*value).into(),
        Content::Text(text) => without_password(text).into(),
        Content::Nothing | Content::List(_) | Content::Map(_) => Json::Null,
    };
    Shown {
        name: dotted(&path),
        value,
        secret,
        origin: format!("{}:{}", parsed.shown, leaf.line),
    }
}

/// What holds although the file does not say it.
fn defaults(parsed: &Parsed) -> Vec<Shown> {
    let project = &parsed.project;
    let defaults = [
        (["dev", "address"], json!(project.dev.address.to_string())),
        (
            ["workload", "allowedHosts"],
            json!(project.workload.allowed_hosts),
        ),
    ];
    let absent = defaults
        .into_iter()
        .filter(|(path, _)| parsed.outline.get(path).is_none());
    let shown = absent.map(|(path, value)| Shown {
        name: dotted(&path),
        value,
        secret: false,
        origin: "default".to_owned(),
    });
    shown.collect()
}

/// Whether the value at a path is one that must not be shown.
fn is_secret(path: &[&str], parsed: &Parsed) -> bool {
    match path {
        ["secrets", _, "inline", _] => true,
        ["dev", key] => URLS.contains(key),
        ["wit", "registries", _, "token"] => true,
        // Each key of this capability's configuration is a secret.
        ["dev", "host_interfaces", index, "config", _] => {
            let package = ["dev", "host_interfaces", index, "package"];
            let package = parsed.outline.get(&package).map(|found| &found.content);
            matches!(package, Some(Content::Text(text)) if text == "secrets")
        }
        _ => false,
    }
}

/// `dev.components[0].environment.config["a b"]`.
fn dotted(path: &[&str]) -> String {
    let mut text = String::new();
    for step in path {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if step.chars().all(|c| c.is_ascii_digit()) && !text.is_empty() {
            text.push_str(&format!("[{step}]"));
        } else if !step.is_empty() && step.chars().all(plain) {
            let dot = if text.is_empty() { "" } else { "." };
            text.push_str(&format!("{dot}{step}"));
        } else {
            text.push_str(&format!("[\"{}\"]", step.escape_debug()));
        }
    }
    text
}

/// A URL without the password in it, wherever it stands in a text.
fn without_password(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after
            .find(['/', '?', '#', ' ', '"', '\''])
            .unwrap_or(after.len());
        let (authority, more) = after.split_at(end);
        let host = match authority.rsplit_once('@') {
            Some((user, host)) if user.contains(':') => {
                let user = user.split(':').next().unwrap_or_default();
                format!("{user}:{MASK}@{host}")
            }
            _ => authority.to_owned(),
        };
        shown.push_str(&host);
        rest = more;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::{dotted, without_password};

    #[test]
    fn passwords_in_urls_are_masked_wherever_they_stand() {
        for (text, expected) in [
            (
                "postgres://me:hunter2@db:5432/x",
                "postgres://me:********@db:5432/x",
            ),
            (
                "a redis://:hunter2@r and nats://n:4222",
                "a redis://:********@r and nats://n:4222",
            ),
            ("https://example.org/@x:y", "https://example.org/@x:y"),
            ("https://me@example.org", "https://me@example.org"),
            ("a:b@c", "a:b@c"),
        ] {
            assert_eq!(without_password(text), expected);
        }
    }

    #[test]
    fn paths_are_written_as_in_messages() {
        assert_eq!(
            dotted(&["dev", "components", "0", "config", "a.b"]),
            "dev.components[0].config[\"a.b\"]"
        );
    }
}
