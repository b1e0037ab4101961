//! Shaders of a few lines that would be more than the machine has, once a driver works on them; and labels of the same kind.

use weft_gpu::error::ErrorKind;
use weft_gpu::objects::{Device, ShaderModuleDescriptor};
use weft_gpu::quota::Quota;

use crate::support::{device, lease};

fn idle() -> Device {
    device(&lease(Quota::default()))
}

/// What the device says of this code; nothing if it is a module.
fn said(code: &str) -> Option<String> {
    let device = idle();
    device.errors().push_scope(ErrorKind::Validation);
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        code: code.to_owned(),
    });
    let error = device.errors().pop_scope().unwrap();
    let told = module.compilation_info().messages.len();
    assert_eq!(told, usize::from(error.is_some()), "both ways say the same");
    error.map(|error| error.message)
}

fn refused(code: &str, because: &str) {
    let said = said(code).expect("it is refused");
    assert!(said.contains(because), "{said}");
}

/// Functions that call the one before twice each, so many of them.
fn doubling(functions: usize) -> String {
    let mut code = "fn f0() -> u32 { return 1u; }".to_owned();
    for at in 1..functions {
        let before = at - 1;
        code += &format!("fn f{at}() -> u32 {{ return f{before}() + f{before}(); }}");
    }
    let last = functions - 1;
    code + &format!("@compute @workgroup_size(1) fn main() {{ _ = f{last}(); }}")
}

#[test]
fn functions_that_double_with_each_call_are_refused_before_a_driver_sees_them() {
    refused(
        &doubling(2000),
        "values once its functions stand where they are called",
    );
    refused(
        &doubling(30),
        "values once its functions stand where they are called",
    );
    assert_eq!(said(&doubling(8)), None);
}

#[test]
fn calls_within_branches_and_loops_are_counted() {
    let body = "if a == 1u { switch a { case 2u: { loop { _ = f29(); break; } } default: {} } }";
    let code = doubling(30).replace("_ = f29();", &format!("var a = 1u; {body}"));
    refused(
        &code,
        "values once its functions stand where they are called",
    );
}

#[test]
fn copies_of_large_arrays_are_refused() {
    refused(
        "@group(0) @binding(0) var<storage, read_write> a: array<array<u32, 10000000>, 2>;
        @compute @workgroup_size(1) fn main() { a[0] = a[1]; }",
        "no copies of large arrays",
    );
}

#[test]
fn variables_larger_than_a_stack_are_refused_in_functions_and_beside_them() {
    let local =
        "@compute @workgroup_size(1) fn main() { var a: array<u32, 100000>; a[a[1]] = 1u; }";
    refused(local, "for each thread");
    let private = "var<private> a: array<u32, 100000>;
        @compute @workgroup_size(1) fn main() { a[a[1]] = 1u; }";
    refused(private, "for each thread");
    let called = "fn f(i: u32) -> u32 { var a: array<u32, 10000>; a[i] = 1u; return a[a[i]]; }
        @compute @workgroup_size(1) fn main() { _ = f(f(1u)); }";
    refused(called, "for each thread");
}

#[test]
fn large_storage_that_is_used_word_by_word_weighs_nothing() {
    let code = "@group(0) @binding(0) var<storage, read_write> a: array<u32, 10000000>;
        var<private> own: array<u32, 2048>;
        @compute @workgroup_size(1) fn main() { a[9999999] = own[a[1]]; }";
    assert_eq!(said(code), None);
}

#[test]
fn of_a_label_that_is_a_book_the_beginning_is_kept() {
    let device = idle();
    device.set_label("é".repeat(1 << 20));
    assert_eq!(device.label(), "é".repeat(128));
    let book = Some(format!("a{}", "é".repeat(1 << 20)));
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: book,
        code: String::new(),
    });
    assert_eq!(module.label(), format!("a{}", "é".repeat(127)));
}

#[test]
fn a_huge_constant_weighs_something_only_where_a_shader_looks_into_it() {
    let huge = "const huge = array<u32, 100000000>();";
    let main = "@compute @workgroup_size(1) fn main()";
    assert_eq!(
        said(&format!(
            "{huge} const one = huge[5]; {main} {{ _ = one; }}"
        )),
        None
    );
    let looks = "fn at(i: u32) -> u32 { return huge[i]; }";
    refused(
        &format!("{huge} {looks} {main} {{ _ = at(7u); }}"),
        "no copies of large arrays",
    );
}
