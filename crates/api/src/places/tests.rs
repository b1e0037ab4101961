//! What was read keeps its place: values, what is nearest to a value that is not there, and where variables come from.

use super::{Place, Places, Step};
use crate::project::Format;
use crate::spec::Origin;

const MANIFEST: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData:
  PASSWORD: s3cret
---
apiVersion: apps/v1
kind: Workload
metadata: {name: of-somebody-else}
---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: WorkloadDeployment
metadata:
  name: shop
spec:
  template:
    spec:
      components:
        - name: front
          image: file:./front.wasm
";

const IMAGE: [Step<'_>; 3] = [Step::Key("components"), Step::Item(0), Step::Key("image")];

fn place(line: usize, column: usize) -> Option<Place> {
    Some(Place { line, column })
}

#[test]
fn a_value_has_its_line_and_its_path() {
    let places = Places::of_manifest("shop.yaml", MANIFEST);
    let problem = places.problem(0, &IMAGE, "it is missing; build it", None);
    assert_eq!(
        problem.to_string(),
        "shop.yaml:20:18: it is missing\n  help: build it"
    );
    assert_eq!(
        problem.path.as_deref(),
        Some("spec.template.spec.components[0].image")
    );
    assert_eq!(places.place(0, &IMAGE), place(20, 18));
    assert_eq!(places.name(0), place(14, 9));
}

#[test]
fn what_is_not_there_has_the_place_of_what_is_nearest() {
    let places = Places::of_manifest("shop.yaml", MANIFEST);
    let missing = [Step::Key("hostInterfaces"), Step::Item(0)];
    let problem = places.problem(0, &missing, "none", None);
    assert_eq!((problem.line, problem.column), (17, 5));
    assert_eq!(problem.path.as_deref(), Some("spec.template.spec"));
    assert_eq!(places.place(0, &missing), None);
}

#[test]
fn a_workload_that_the_file_does_not_have_has_the_place_of_the_file() {
    let places = Places::of_manifest("shop.yaml", MANIFEST);
    let problem = places.problem(1, &IMAGE, "none", None);
    assert_eq!((problem.line, problem.column), (1, 1));
    assert_eq!(places.name(1), None);
}

#[test]
fn a_variable_has_the_place_of_its_key_in_the_secret() {
    let places = Places::of_manifest("shop.yaml", MANIFEST);
    let secret = Origin::Secret("db".to_owned());
    assert_eq!(places.origin(&secret, "PASSWORD"), place(5, 3));
    assert_eq!(places.origin(&secret, "USER"), None);
    assert_eq!(
        places.origin(&Origin::Config("db".to_owned()), "PASSWORD"),
        None
    );
}

#[test]
fn project_files_of_all_languages_have_places() {
    let steps = [Step::Key("build"), Step::Key("component_path")];
    for (format, text, line) in [
        (Format::Yaml, "build:\n  component_path: a.wasm\n", 2),
        (
            Format::Json,
            "{\"build\":\n{\n\"component_path\": \"a.wasm\"}}",
            3,
        ),
        (Format::Toml, "[build]\ncomponent_path = 'a.wasm'\n", 2),
    ] {
        let places = Places::of_project("weft.yaml", text, format);
        assert_eq!(places.place(0, &steps).map(|place| place.line), Some(line));
    }
}
