//! `examples/gpu-image` on the software adapter: its filters beside the same ones in double precision, what it refuses, and
//! that its pictures are sent while they are made.

mod files;
mod kinds;
mod reference;

use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use weft_testkit::client::{Body, BoxError, Client, Reply, fed, full, post};
use weft_testkit::{example, within};

use crate::manifest::Manifest;
use crate::operated::Operated;
use files::{Image, decode, encode, head};

const MEBIBYTE: usize = 1 << 20;

fn drawer(tenant: &'static str, name: &str) -> Manifest {
    Manifest::new(tenant, name, &example("gpu-image"))
        .reuse(4, 1000, 2)
        .gpu(&[("memory", "128Mi")])
}

/// A picture with slopes, corners, noise, and places that one can see through.
fn picture(width: usize, height: usize) -> Image {
    Image::paint(width, height, |x, y| {
        let noise = (x * 7919 + y * 104_729 + x * y * 31) % 61;
        let inside = (x / 17 + y / 13) % 3 == 0;
        let slope = |from: usize, size: usize| (from * 190 / size.max(2)) as u8;
        let alpha = if (x / 40 + y / 25) % 4 == 1 {
            90 + (x % 100)
        } else {
            255
        };
        [
            slope(x, width) + noise as u8,
            slope(y, height) + if inside { 60 } else { 0 },
            if inside { 20 } else { 200 },
            alpha as u8,
        ]
    })
}

/// The picture that a request is answered with.
async fn drawn(client: &Client, path: &str, image: &Image) -> Image {
    drawn_from(client, path, encode(image)).await
}

async fn drawn_from(client: &Client, path: &str, file: Vec<u8>) -> Image {
    let request = post(path, full(file));
    let mut response = client.send(request).await.unwrap();
    let mut file = Vec::new();
    while let Some(piece) = response.piece().await.unwrap() {
        file.extend_from_slice(&piece);
    }
    assert_eq!(
        response.status(),
        200,
        "{path}: {}",
        String::from_utf8_lossy(&file)
    );
    assert_eq!(response.head.headers["content-type"], "image/png");
    decode(&file)
}

/// Compares colours as they are seen, so with their alpha: no part of one is off by more than a step of 255 and the
/// rounding of the file.
fn compare(what: &str, image: &Image, expected: &[[f64; 4]]) {
    assert_eq!(image.pixels.len(), expected.len(), "{what}");
    for (at, (pixel, expected)) in image.pixels.iter().zip(expected).enumerate() {
        let alpha = f64::from(pixel[3]) / 255.0;
        for index in 0..4 {
            let part = f64::from(pixel[index]) * if index < 3 { alpha } else { 1.0 };
            let off = (part - expected[index] * 255.0).abs();
            let (x, y) = (at % image.width, at / image.width);
            assert!(
                off <= 1.01,
                "{what}: {pixel:?} at {x}, {y} is not {:?}",
                expected.map(|part| part * 255.0)
            );
        }
    }
}

/// Odd sizes: rows that no power of two divides, one pixel, one column, one row, and more rows than a band has.
const SIZES: [(usize, usize); 5] = [(257, 131), (1, 1), (1, 999), (999, 1), (613, 1201)];

#[tokio::test(flavor = "multi_thread")]
async fn a_blur_is_the_gaussian_of_its_radius() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    for (width, height) in SIZES {
        for radius in [1, 9] {
            let image = picture(width, height);
            let result = drawn(&client, &format!("/blur?radius={radius}"), &image).await;
            assert_eq!((result.width, result.height), (width, height));
            let expected = reference::blur(&image, radius);
            compare(
                &format!("{width} by {height}, {radius}"),
                &result,
                &expected,
            );
        }
    }
    // The widest kernel is wider than the picture.
    let image = picture(33, 21);
    let result = drawn(&client, "/blur?radius=64", &image).await;
    compare("radius 64", &result, &reference::blur(&image, 64));
}

#[tokio::test(flavor = "multi_thread")]
async fn edges_are_where_sobels_operator_is_above_the_threshold() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    for (width, height) in SIZES {
        let image = picture(width, height);
        let result = drawn(&client, "/edges", &image).await;
        compare("coloured", &result, &reference::edges(&image, 0.02, true));
        let result = drawn(&client, "/edges?threshold=0.3&colour=white", &image).await;
        compare("white", &result, &reference::edges(&image, 0.3, false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pen_and_ink_has_outlines_and_hatching_by_tone() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    for (width, height) in SIZES {
        let image = picture(width, height);
        let result = drawn(&client, "/ink", &image).await;
        let black = [0.086, 0.090, 0.122];
        compare("black", &result, &reference::ink(&image, 5.0, 1.0, black));
        let path = "/ink?spacing=11.5&line=2.5&ink=sepia";
        let result = drawn(&client, path, &image).await;
        let sepia = [0.263, 0.141, 0.071];
        compare("sepia", &result, &reference::ink(&image, 11.5, 2.5, sepia));
    }
}

async fn refused(client: &Client, path: &str, file: impl Into<Bytes>) -> (u16, String) {
    let reply = client.send(post(path, full(file))).await.unwrap();
    let reply = reply.reply().await.unwrap();
    (reply.status, reply.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_or_not_whole_is_refused_in_words() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let whole = encode(&picture(64, 64));
    let mut wrong = whole.clone();
    wrong[60] ^= 0x55;
    let empty: &[u8] = b"";
    for (file, why) in [
        (empty, "there is no picture"),
        (
            &b"GIF89a, which is another kind of picture"[..],
            "neither a PNG nor a JPEG",
        ),
        (&whole[..whole.len() / 2], "this PNG file is broken"),
        (&whole[..20], "this PNG file is broken"),
        (&wrong, "this PNG file is broken"),
        (
            &b"\xff\xd8\xff\xe0 and then nothing of a JPEG"[..],
            "this JPEG file is broken",
        ),
    ] {
        let (status, text) = refused(&client, "/ink", file.to_vec()).await;
        assert_eq!(status, 400, "{text}");
        assert!(text.contains(why), "{text} instead of {why}");
    }
    // And the next one is drawn.
    drawn(&client, "/ink", &picture(5, 5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_with_too_many_pixels_is_refused_by_its_head() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    for (width, height) in [(4097, 4096), (16_385, 1), (u32::MAX, u32::MAX), (1, 16_385)] {
        let (status, text) = refused(&client, "/blur", head(width, height)).await;
        assert_eq!(status, 422, "{text}");
        let said =
            format!("{width} by {height} pixels; one has 16777216 of them at most, and 16384 in");
        assert!(text.contains(&said), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_most_pixels_is_drawn() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let image = picture(16_384, 3);
    let result = drawn(&operated.client(&manifest), "/blur?radius=3", &image).await;
    compare("a long row", &result, &reference::blur(&image, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_long_is_refused_whether_or_not_it_says_so() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let (status, text) = refused(&client, "/blur", vec![0; 32 * MEBIBYTE + 1]).await;
    assert_eq!((status, text.trim()), (413, "a file has 32 MiB at most"));
    // A body without an end: what is read of it is not more than the limit.
    let endless = std::iter::once(Bytes::from(head(100, 100)))
        .chain(std::iter::repeat(Bytes::from(vec![0; 64 << 10])));
    let frames = endless.map(|piece| Ok::<_, BoxError>(Frame::data(piece)));
    let body: Body = StreamBody::new(futures::stream::iter(frames)).boxed_unsync();
    let reply = within(client.send(post("/blur", body))).await.unwrap();
    assert_eq!(reply.status(), 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_picture_is_refused_before_all_of_it_has_come() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let (mut feed, body) = fed();
    let client = operated.client(&manifest);
    let sending = tokio::spawn(async move { client.send(post("/edges", body)).await });
    feed.send("a text, of which there would be more to come")
        .await;
    let reply = within(sending).await.unwrap().unwrap();
    assert_eq!(reply.status(), 400);
    drop(feed);
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_checked_and_what_they_can_be_is_said() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    for (path, why) in [
        (
            "/blur?radius=0",
            "`radius=0`: radius is a number from 1 to 64, 8 if it is left out",
        ),
        ("/blur?radius=65", "from 1 to 64"),
        ("/blur?radius=2.5", "from 1 to 64"),
        ("/blur?radius=", "from 1 to 64"),
        ("/blur?radius=3&radius=4", "`radius`: it was given twice"),
        ("/blur?size=3", "`size`: this filter has radius"),
        ("/edges?threshold=NaN", "from 0 to 0.8"),
        ("/edges?threshold=inf", "from 0 to 0.8"),
        (
            "/edges?colour=red",
            "`colour=red`: colour is one of picture, white",
        ),
        ("/ink?spacing=2.9", "from 3 to 24"),
        ("/ink?line=-1", "from 0.5 to 4"),
        ("/ink?ink=", "ink is one of black, sepia, blue"),
        ("/ink?radius=3", "this filter has spacing, line, ink"),
    ] {
        let (status, text) = refused(&client, path, encode(&picture(2, 2))).await;
        assert_eq!(status, 400, "{path}: {text}");
        assert!(text.contains(why), "{path}: {text} instead of {why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_filter_and_a_wrong_method_are_told_what_there_is() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let (status, text) = refused(&client, "/sharpen", encode(&picture(2, 2))).await;
    assert_eq!(status, 404);
    assert!(text.contains("/blur, /edges or /ink"), "{text}");
    let reply: Reply = client.get("/blur").await.unwrap();
    assert_eq!(
        (reply.status, &reply.headers["allow"]),
        (405, &"POST".parse().unwrap())
    );
    let mut request = post("/sample.png", full(""));
    *request.method_mut() = Method::DELETE;
    let reply = client.send(request).await.unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.head.headers["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
}

/// How many submissions a workload is billed for.
async fn submissions(operated: &Operated) -> u64 {
    let workloads = operated.workloads("").await;
    workloads[0]["gpu"]["submissions"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_sent_while_the_rest_of_it_is_computed() {
    const BANDS: u64 = 16;
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    // Noise is as long as a file as it is as pixels, more than what lies between a host and a client that does not read.
    let noise = |x: usize, y: usize| {
        (x * x * 31 + y * y * 17 + x * y * 7919).wrapping_mul(0x9E37_79B9) >> 11
    };
    let image = Image::paint(2048, 2048, |x, y| {
        (noise(x, y) as u32 | 0xff00_0000).to_le_bytes()
    });
    let client = operated.client(&manifest);
    let request = post("/blur?radius=1", full(encode(&image)));
    let mut response = client.send(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut file = response.piece().await.unwrap().unwrap().to_vec();
    assert!(file.starts_with(b"\x89PNG"));
    let begun = submissions(&operated).await;
    assert!(begun < BANDS, "{begun}");
    while let Some(piece) = response.piece().await.unwrap() {
        file.extend_from_slice(&piece);
    }
    let result = decode(&file);
    assert_eq!((result.width, result.height), (2048, 2048));
    within(async {
        while submissions(&operated).await < BANDS {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(submissions(&operated).await, BANDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_have_their_pictures_drawn_at_the_same_time() {
    let operated = Operated::with_gpu("software").await;
    let manifests = [drawer("acme", "one"), drawer("globex", "two")];
    let _running = [
        operated.start(&manifests[0]).await,
        operated.start(&manifests[1]).await,
    ];
    let images = [picture(300, 200), picture(211, 307)];
    let expected = [
        reference::blur(&images[0], 5),
        reference::edges(&images[1], 0.02, true),
    ];
    let clients = manifests
        .each_ref()
        .map(|manifest| operated.client(manifest));
    for _ in 0..4 {
        let (one, again, other) = tokio::join!(
            drawn(&clients[0], "/blur?radius=5", &images[0]),
            drawn(&clients[0], "/blur?radius=5", &images[0]),
            drawn(&clients[1], "/edges", &images[1]),
        );
        compare("acme", &one, &expected[0]);
        compare("acme, beside it", &again, &expected[0]);
        compare("globex", &other, &expected[1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_a_picture_that_the_filters_take() {
    let operated = Operated::with_gpu("software").await;
    let manifest = drawer("acme", "drawer");
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let request = weft_testkit::client::get("/sample.png");
    let mut response = client.send(request).await.unwrap();
    let mut file = Vec::new();
    while let Some(piece) = response.piece().await.unwrap() {
        file.extend_from_slice(&piece);
    }
    let sample = decode(&file);
    assert_eq!((sample.width, sample.height), (1200, 800));
    let result = drawn(&client, "/edges", &sample).await;
    assert_eq!((result.width, result.height), (1200, 800));
}
