//! The pages of the examples that compute on a GPU, in a browser, with their own manifests and the software adapter.
//! Another example: a test that begins with `Shown::open("its-name")`.

use serde_json::{Value, json};
use weft_testkit::browser::{Browser, Page};
use weft_testkit::guests::{example, repository};

use crate::run::harness::Serving;

/// An example that runs, and its page.
struct Shown {
    page: Page,
    _browser: Browser,
    _serving: Serving,
}

impl Shown {
    async fn open(name: &str) -> Self {
        example(name);
        let manifest = repository().join(format!("examples/{name}/manifest.yaml"));
        let args = ["--gpu".as_ref(), "software".as_ref(), manifest.as_os_str()];
        let serving = Serving::start(args);
        let addr = serving.listening["addr"].as_str().unwrap();
        let (_, port) = addr.rsplit_once(':').unwrap();
        let browser = Browser::start();
        // Names below `localhost` are this machine's.
        let page = browser
            .open(&format!("http://{name}.localhost:{port}/"))
            .await;
        Self {
            page,
            _browser: browser,
            _serving: serving,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_doubled_and_drawn_as_bars() {
    let shown = Shown::open("gpu-hello").await;
    let page = &shown.page;
    page.wait_for("#adapter", "Computed by a software adapter")
        .await;
    page.click("#numbers").await;
    page.evaluate("document.activeElement.select()").await;
    page.write("1, 2, 40.5").await;
    page.click("button").await;
    page.wait_for("#answer", "2 4 81").await;
    let heights = "[...document.querySelectorAll('#chart rect')].map(bar => bar.getBoundingClientRect().height)";
    let heights = page.evaluate(heights).await;
    let heights: Vec<f64> = heights
        .as_array()
        .unwrap()
        .iter()
        .map(|height| height.as_f64().unwrap())
        .collect();
    assert_eq!(heights.len(), 6);
    for (number, (before, after)) in [1.0, 2.0, 40.5]
        .iter()
        .zip(heights.iter().zip(&heights[1..]).step_by(2))
    {
        assert!((after / before - 2.0).abs() < 0.01, "{heights:?}");
        assert!((before / heights[0] - number).abs() < 0.5, "{heights:?}");
    }
    // What the example refuses is on the page, in its words.
    page.click("#numbers").await;
    page.evaluate("document.activeElement.select()").await;
    page.write("1, two").await;
    page.press("Enter").await;
    page.wait_for("#answer.wrong", "`two` is no number").await;
    // A browser notes an answer that is an error; the page itself has none.
    let mut problems = page.problems();
    problems.retain(|problem| !problem.contains("400"));
    assert!(problems.is_empty(), "{problems:#?}");
}

/// The sizes of the two pictures, and how far the second is from the first: the mean difference of a part of a pixel.
const COMPARED: &str = "(() => {
  const pixels = image => {
    const canvas = document.createElement('canvas')
    canvas.width = image.naturalWidth
    canvas.height = image.naturalHeight
    const context = canvas.getContext('2d', { willReadFrequently: true })
    context.drawImage(image, 0, 0)
    return context.getImageData(0, 0, canvas.width, canvas.height).data
  }
  const [before, after] = ['before', 'after'].map(id => document.getElementById(id))
  const [one, two] = [pixels(before), pixels(after)]
  let sum = 0
  for (let index = 0; index < one.length; index++) sum += Math.abs(one[index] - two[index])
  return { before: [before.naturalWidth, before.naturalHeight], after: [after.naturalWidth, after.naturalHeight], mean: sum / one.length }
})()";

/// Makes the page forget which filter its picture is of, so that the next one can be waited for.
const FORGET: &str = "document.getElementById('after').dataset.filter = ''";

/// Chooses a filter, waits for its picture and gives how far it is from the picture before.
async fn chosen(page: &Page, filter: &str) -> f64 {
    page.click(&format!("label:has(#{filter})")).await;
    page.wait(&format!(
        "document.querySelector('#after[data-filter={filter}]').complete"
    ))
    .await;
    let compared = page.evaluate(COMPARED).await;
    assert_eq!(compared["before"], json!([1200, 800]));
    assert_eq!(compared["after"], json!([1200, 800]));
    page.wait_for("#said", "1200 × 800 pixels in").await;
    compared["mean"].as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_makes_another_picture_of_the_sample() {
    let shown = Shown::open("gpu-image").await;
    let page = &shown.page;
    page.wait_for("#adapter", "Computed by a software adapter")
        .await;
    page.wait("document.querySelector('#after[data-filter=ink]').complete")
        .await;
    page.evaluate(FORGET).await;
    page.click("#sample").await;
    page.wait("document.querySelector('#after[data-filter=ink]').complete")
        .await;
    let mut seen = Vec::new();
    for (filter, least) in [("edges", 30.0), ("blur", 0.3), ("ink", 30.0)] {
        let mean = chosen(page, filter).await;
        assert!(mean > least, "{filter}: {mean}");
        seen.push(mean);
    }
    assert!(seen[1] < seen[0] && seen[1] < seen[2], "{seen:?}");
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slider_draws_the_picture_again() {
    let shown = Shown::open("gpu-image").await;
    let page = &shown.page;
    let little = chosen(page, "blur").await;
    page.evaluate("document.querySelector('[name=radius]').focus()")
        .await;
    page.evaluate(FORGET).await;
    page.press("End").await;
    page.wait_for("#options output", "64").await;
    page.wait("document.querySelector('#after[data-filter=blur]').complete")
        .await;
    let much = page.evaluate(COMPARED).await["mean"].as_f64().unwrap();
    assert!(much > 2.0 * little, "{much} after {little}");
    page.is_healthy().await;
}

/// Where the divider is, in percent of the width.
async fn divider(page: &Page) -> Value {
    page.evaluate("document.getElementById('frame').style.getPropertyValue('--at')")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_divider_is_moved_by_keys_and_by_the_pointer() {
    let shown = Shown::open("gpu-image").await;
    let page = &shown.page;
    chosen(page, "edges").await;
    page.click("#divider").await;
    page.press("ArrowRight").await;
    assert_eq!(divider(page).await, "51%");
    page.press("End").await;
    assert_eq!(divider(page).await, "100%");
    page.click("#divider").await;
    assert_eq!(divider(page).await, "50%");
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_pictures_fits_a_phone() {
    let shown = Shown::open("gpu-image").await;
    let page = &shown.page;
    page.resize(360, 740).await;
    page.dark(true).await;
    chosen(page, "ink").await;
    let fits = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(page.evaluate(fits).await, true);
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_priced_and_drawn_against_the_spot() {
    let shown = Shown::open("gpu-options").await;
    let page = &shown.page;
    page.wait_for("#adapter", "software adapter").await;
    // It asks by itself for what the form has: a European call, whose exact price is known.
    page.wait_for("#told", "exact: 7.1281").await;
    let price = "document.getElementById('price').textContent.split(' ')[0]";
    let price: f64 = page
        .evaluate(price)
        .await
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((price - 7.1281).abs() < 0.06, "{price}");
    page.wait("document.getElementById('chart').dataset.points === '21'")
        .await;
    // An average is cheaper than the price at the end, and has no formula.
    page.evaluate("document.querySelector('[name=style]').value = 'asian'")
        .await;
    page.click("button").await;
    page.wait("/^3\\.[12]/.test(document.getElementById('price').textContent)")
        .await;
    page.wait("document.getElementById('legend').hidden").await;
    // What the example refuses is on the page, in its words.
    page.evaluate("document.querySelector('[name=volatility]').value = '-1'")
        .await;
    page.click("button").await;
    page.wait_for("#told.wrong", "volatility is from").await;
    let mut problems = page.problems();
    problems.retain(|problem| !problem.contains("400"));
    assert!(problems.is_empty(), "{problems:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_for_wgpu_compute_and_draw_on_their_page() {
    let shown = Shown::open("gpu-wgpu").await;
    let page = &shown.page;
    page.wait_for("#adapter", "On ").await;
    page.click("button").await;
    page.wait_for("#steps", "111 118 178").await;
    page.wait("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        .await;
    assert!(page.problems().is_empty(), "{:#?}", page.problems());
}
