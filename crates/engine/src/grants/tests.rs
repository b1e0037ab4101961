//! The rows agree with what other crates know of them.

use super::ROWS;
use weft_api::known::is_known_interface;

#[test]
fn no_interface_that_is_served_is_taken_for_a_typing_error_in_a_manifest() {
    for row in ROWS {
        let (namespace, package) = row.package.split_once(':').unwrap();
        for interface in row.interfaces {
            assert!(
                is_known_interface(namespace, package, interface),
                "add `{interface}` of `{}` to weft-api's `known`",
                row.package
            );
        }
    }
}
