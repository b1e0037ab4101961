//! Manifests for what is measured.

use std::path::Path;

/// A workload of one component.
#[derive(Clone, Copy)]
pub(crate) struct Workload<'a> {
    pub(crate) name: &'a str,
    /// The host name that leads to it.
    pub(crate) host: &'a str,
    pub(crate) component: &'a Path,
    pub(crate) reuse: Reuse,
    /// Whether the component imports `wasi:config` and `wasi:logging`, which have to be asked for.
    pub(crate) capabilities: bool,
}

/// How instances are used again, as a manifest says it.
#[derive(Clone, Copy)]
pub(crate) struct Reuse {
    pub(crate) pool_size: u32,
    pub(crate) max_invocations: u32,
    pub(crate) max_concurrency: u32,
}

impl Reuse {
    /// A fresh instance for each request.
    pub(crate) const NONE: Self = Self {
        pool_size: 0,
        max_invocations: 0,
        max_concurrency: 1,
    };
}

const CAPABILITIES: &str = "    - namespace: wasi
      package: config
      interfaces: [store]
    - namespace: wasi
      package: logging
      interfaces: [logging]
";

impl Workload<'_> {
    /// The document of a manifest.
    pub(crate) fn document(&self) -> String {
        let Self {
            name,
            host,
            component,
            reuse:
                Reuse {
                    pool_size,
                    max_invocations,
                    max_concurrency,
                },
            capabilities,
        } = self;
        let component = component.display();
        let capabilities = if *capabilities { CAPABILITIES } else { "" };
        format!(
            "---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: Workload
metadata:
  name: {name}
spec:
  components:
    - name: main
      image: file://{component}
      poolSize: {pool_size}
      maxInvocations: {max_invocations}
      maxConcurrency: {max_concurrency}
  hostInterfaces:
    - namespace: wasi
      package: http
      interfaces: [incoming-handler]
      config:
        host: {host}
{capabilities}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_how_instances_are_used_and_what_is_granted() {
        let workload = Workload {
            name: "a",
            host: "a.test",
            component: Path::new("/c/a.wasm"),
            reuse: Reuse {
                pool_size: 4,
                max_invocations: 128,
                max_concurrency: 16,
            },
            capabilities: false,
        };
        let text = workload.document();
        for line in [
            "  name: a\n",
            "      image: file:///c/a.wasm\n",
            "      poolSize: 4\n      maxInvocations: 128\n      maxConcurrency: 16\n",
            "        host: a.test\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("logging"), "{text}");
        let workload = Workload {
            capabilities: true,
            ..workload
        };
        assert!(workload.document().ends_with(CAPABILITIES));
    }
}
