//! Files of other kinds than the one that the example writes: JPEG, and PNG with other pixels.

use png::BitDepth::{Eight, Sixteen};
use png::ColorType::{Grayscale, Indexed, Rgb};
use weft_testkit::client::{Client, full, post};

use super::files::{Image, file};
use super::{compare, drawer, drawn_from, reference};
use crate::operated::Operated;

#[tokio::test(flavor = "multi_thread")]
async fn png_files_with_grey_deep_or_listed_colours_are_read() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let size = (7, 5);
    let tone = |x: usize, y: usize| (x * 30 + y * 7) as u8;
    let rows = |bytes: &dyn Fn(usize, usize) -> Vec<u8>| -> Vec<u8> {
        let places = (0..5).flat_map(|y| (0..7).map(move |x| (x, y)));
        places.flat_map(|(x, y)| bytes(x, y)).collect()
    };

    let grey = rows(&|x, y| vec![tone(x, y)]);
    let grey = file(size, (Eight, Grayscale), None, &grey);
    check(&client, grey, |x, y| {
        let tone = tone(x, y);
        [tone, tone, tone, 255]
    })
    .await;

    // Sixteen bits, of which the upper eight are kept.
    let deep = rows(&|x, y| vec![tone(x, y), 77, 200, 9, x as u8, 250]);
    let deep = file(size, (Sixteen, Rgb), None, &deep);
    check(&client, deep, |x, y| [tone(x, y), 200, x as u8, 255]).await;

    let listed = rows(&|x, y| vec![((x + y) % 2) as u8]);
    let colours: [&[u8]; 2] = [&[250, 10, 20, 30, 40, 250], &[255, 128]];
    let listed = file(size, (Eight, Indexed), Some(colours), &listed);
    check(&client, listed, |x, y| match (x + y) % 2 {
        0 => [250, 10, 20, 255],
        _ => [30, 40, 250, 128],
    })
    .await;
}

/// Blurs a file that is known to have these pixels.
async fn check(client: &Client, file: Vec<u8>, pixel: impl Fn(usize, usize) -> [u8; 4]) {
    let result = drawn_from(client, "/blur?radius=2", file).await;
    let image = Image::paint(7, 5, pixel);
    compare("of another kind", &result, &reference::blur(&image, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jpeg_file_is_read() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    // Its left half is rgb(200, 50, 20), its right half rgb(20, 40, 200).
    let photograph = include_bytes!("halves.jpg");
    let result = drawn_from(&client, "/blur?radius=1", photograph.to_vec()).await;
    assert_eq!((result.width, result.height), (16, 8));
    for (x, expected) in [(2, [200, 50, 20, 255]), (13, [20, 40, 200, 255])] {
        let found = result.pixels[3 * 16 + x];
        let near = found
            .iter()
            .zip(expected)
            .all(|(part, wanted)| part.abs_diff(wanted) <= 6);
        assert!(near, "{found:?} instead of {expected:?}");
    }
    // Half of one is not drawn.
    let half = photograph[..photograph.len() / 2].to_vec();
    let reply = client.send(post("/blur", full(half))).await.unwrap();
    assert_eq!(reply.status(), 400);
}
