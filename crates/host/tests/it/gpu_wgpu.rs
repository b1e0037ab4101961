//! Programs that are written for wgpu, as components: `examples/gpu-wgpu`, which stands on `examples/wgpu-weft`.

use weft_testkit::client::get;
use weft_testkit::{example, within};

use crate::manifest::Manifest;
use crate::operated::Operated;

/// Red, green and blue.
type Pixel = [u8; 3];

async fn served() -> (Operated, Manifest) {
    let operated = Operated::with_gpu("software").await;
    let manifest = Manifest::new("acme", "programs", &example("gpu-wgpu"))
        .reuse(1, 100, 8)
        .gpu(&[("memory", "64Mi")]);
    (operated, manifest)
}

/// The rows of an answer that is a picture.
async fn picture(operated: &Operated, manifest: &Manifest, path: &str) -> Vec<Vec<Pixel>> {
    let client = operated.client(manifest);
    let mut reply = within(client.send(get(path))).await.unwrap();
    let mut file = Vec::new();
    while let Some(piece) = within(reply.piece()).await.unwrap() {
        file.extend_from_slice(&piece);
    }
    assert_eq!(reply.head.status, 200, "{}", file.escape_ascii());
    let decoder = png::Decoder::new(std::io::Cursor::new(file));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let rows = pixels.chunks_exact(4 * info.width as usize);
    let rows = rows.map(|row| {
        row.chunks_exact(4)
            .map(|pixel| [pixel[0], pixel[1], pixel[2]])
    });
    rows.map(Iterator::collect).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_polls_its_device_computes() {
    let (operated, manifest) = served().await;
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let reply = within(client.get("/collatz?27,97,871,1,0")).await.unwrap();
    assert_eq!((reply.status, reply.text.trim()), (200, "111 118 178 0 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_triangle_is_drawn_to_a_texture_and_read_back() {
    let (operated, manifest) = served().await;
    let _running = operated.start(&manifest).await;
    let rows = picture(&operated, &manifest, "/triangle.png").await;
    assert_eq!((rows[0].len(), rows.len()), (301, 201));
    // Outside there is the background; near each corner, the corner's colour.
    assert_eq!(rows[5][5], [255, 255, 255]);
    let brightest = |row: usize, column: usize| {
        let pixel = rows[row][column];
        (0..3).max_by_key(|channel| pixel[*channel]).unwrap()
    };
    assert_eq!(brightest(30, 150), 0, "{:?}", rows[30][150]);
    assert_eq!(brightest(175, 40), 1, "{:?}", rows[175][40]);
    assert_eq!(brightest(175, 260), 2, "{:?}", rows[175][260]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_library_draws_text() {
    let (operated, manifest) = served().await;
    let _running = operated.start(&manifest).await;
    let ink = |rows: &[Vec<Pixel>]| {
        let pixels = rows.iter().flatten();
        pixels.filter(|pixel| **pixel != [255, 255, 255]).count()
    };
    let short = ink(&picture(&operated, &manifest, "/text.png?i").await);
    let long = ink(&picture(&operated, &manifest, "/text.png?WWWWWWWW").await);
    assert!(short > 20, "{short}");
    assert!(long > 8 * short, "{long} beside {short}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_one_instance_wait_side_by_side_for_their_pictures() {
    let (operated, manifest) = served().await;
    let _running = operated.start(&manifest).await;
    let asked = [
        "/triangle.png",
        "/text.png?a",
        "/triangle.png",
        "/text.png?b",
        "/collatz?27",
    ];
    let client = operated.client(&manifest);
    for _ in 0..5 {
        let replies = futures::future::join_all(asked.map(|path| within(client.get(path)))).await;
        for (reply, path) in replies.into_iter().zip(asked) {
            let reply = reply.unwrap();
            assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_is_the_clients_mistake() {
    let (operated, manifest) = served().await;
    let _running = operated.start(&manifest).await;
    let client = operated.client(&manifest);
    let reply = within(client.get("/collatz?twelve")).await.unwrap();
    assert_eq!(reply.status, 400);
    assert!(reply.text.contains("`twelve`"), "{}", reply.text);
}
