//! Entries of `hostInterfaces` as a manifest has them, ready to paste. Pure.

use weft_host::Needed;

/// The lines of a block; its key is left out where the manifest has it.
pub(super) fn block(needed: &[&Needed], with_key: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if with_key {
        lines.push("hostInterfaces:".to_owned());
    }
    for Needed { entry, .. } in needed {
        let interfaces: Vec<_> = entry.interfaces.iter().map(String::as_str).collect();
        lines.push(format!("  - namespace: {}", entry.namespace));
        lines.push(format!("    package: {}", entry.package));
        lines.push(format!("    interfaces: [{}]", interfaces.join(", ")));
        if !entry.config.is_empty() {
            lines.push("    config:".to_owned());
        }
        for (key, value) in &entry.config {
            lines.push(format!("      {key}: {}", scalar(value)));
        }
    }
    lines
}

/// A text as YAML reads it back: names of hosts need quotes only where they begin with `*`.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/'));
    let word = matches!(text, "true" | "false" | "null");
    if plain && !word {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(host: &str) -> Needed {
        Needed {
            missing: true,
            entry: weft_api::spec::HostInterface {
                namespace: "wasi".to_owned(),
                package: "http".to_owned(),
                interfaces: ["handler".to_owned()].into(),
                version: None,
                config: [("host".to_owned(), host.to_owned())].into(),
                secrets: std::collections::BTreeMap::new(),
                name: None,
            },
        }
    }

    #[test]
    fn a_block_is_a_manifest_again() {
        for host in ["shop.localhost", "*.example.com", "1.example.com", "true"] {
            let lines = block(&[&needed(host)], true).join("\n");
            let text = format!(
                "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {{name: a}}\nspec:\n  \
                 components: [{{name: a, image: 'file:a.wasm'}}]\n  {}\n",
                lines.replace('\n', "\n  ")
            );
            let specs = weft_api::manifest::parse("a.yaml", ".".as_ref(), &text);
            let specs = specs.unwrap_or_else(|report| panic!("{report}"));
            assert_eq!(specs[0].host_interfaces, [needed(host).entry]);
        }
    }
}
