//! What a component reads. That each reads its own is tested where components are linked, in the engine.

use std::sync::Arc;

use super::store::Host;
use super::{Ctx, View};

fn ctx(values: &[(&str, &str)]) -> Ctx {
    let values = values
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Ctx {
        values: Arc::new(values.collect()),
        calls: None,
    }
}

#[test]
fn a_key_gives_its_value_and_an_unknown_one_nothing() {
    let ctx = ctx(&[("colour", "blue"), ("empty", "")]);
    let get = |key: &str| View(&ctx).get(key.to_owned()).unwrap().unwrap();
    assert_eq!(get("colour").as_deref(), Some("blue"));
    assert_eq!(get("empty").as_deref(), Some(""));
    assert_eq!(get("Colour"), None);
    assert_eq!(get(""), None);
}

#[test]
fn all_values_come_in_the_order_of_their_keys() {
    let ctx = ctx(&[("b", "2"), ("a", "1"), ("c", "3")]);
    let all = View(&ctx).get_all().unwrap().unwrap();
    let keys: Vec<_> = all.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "c"]);
    assert!(View(&Ctx::default()).get_all().unwrap().unwrap().is_empty());
}

#[test]
fn copies_for_instances_share_the_values() {
    let ctx = ctx(&[("a", "1")]);
    assert!(Arc::ptr_eq(&ctx.values, &ctx.clone().values));
}
