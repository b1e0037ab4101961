//! What `nvidia-smi -L` prints, as it is read.

use proptest::prelude::*;

use super::*;

#[test]
fn slices_belong_to_the_device_above_them() {
    let text = "\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-8c5c0fbb-3f1d-4f7a-9d2e-0b6a1c2d3e4f)
  MIG 1g.10gb     Device  0: (UUID: MIG-11111111-2222-3333-4444-555555555555)
  MIG 2g.20gb     Device  1: (UUID: MIG-11111111-2222-3333-4444-666666666666)
GPU 1: NVIDIA RTX PRO 6000 Blackwell Server Edition (UUID: GPU-8c5c0fbb-3f1d-4f7a-9d2e-0b6a1c2d3e50)
  MIG 1g.24gb+gfx Device  0: (UUID: MIG-11111111-2222-3333-4444-777777777777)
";
    let devices = parse(text);
    let slices: Vec<Vec<(&str, Option<bool>)>> = devices
        .iter()
        .map(|device| {
            let slices = device.slices.iter();
            slices.map(|slice| (&*slice.name, slice.graphics)).collect()
        })
        .collect();
    assert_eq!(
        slices,
        [
            vec![("1g.10gb", Some(false)), ("2g.20gb", Some(false))],
            vec![("1g.24gb+gfx", Some(true))]
        ]
    );
    assert_eq!(devices[0].model.as_deref(), Some("NVIDIA H100 80GB HBM3"));
    let uuid = devices[1].slices[0].uuid.unwrap().to_string();
    assert_eq!(uuid, "MIG-11111111-2222-3333-4444-777777777777");
}

#[test]
fn a_listing_without_end_has_an_end() {
    let text = format!("GPU 0: x\n{}", "  MIG 1g.10gb Device 0:\n".repeat(10_000));
    assert_eq!(parse(&text)[0].slices.len(), SLICES_MAX);
    assert_eq!(parse(&"GPU 0: x\n".repeat(10_000)).len(), DEVICES_MAX);
    assert_eq!(read(std::io::repeat(b'x')).len() as u64, LISTING_MAX);
}

#[test]
fn a_slice_without_a_device_is_left_out() {
    assert_eq!(parse("  MIG 1g.10gb Device 0: (UUID: MIG-1)\n"), []);
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(GPU |MIG |\\(UUID: |[ -~\\n]){0,40}") {
        parse(&text);
    }
}
