//! The browser does what a person does, and tells what went wrong in a page.

use weft_testkit::browser::Browser;

const PAGE: &str = "data:text/html,<!doctype html><title>Test</title><style>@media (prefers-color-scheme: dark) { body { color: white } }</style>\
    <input id=name autofocus><button id=greet>Greet</button><button id=off disabled>Off</button><p id=said></p>\
    <script>greet.onclick = () => setTimeout(() => { said.textContent = 'Hello, ' + document.getElementById('name').value }, 20)</script>";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_used_by_clicks_and_keys_and_waited_for() {
    let browser = Browser::start();
    let page = browser.open(PAGE).await;
    page.click("#name").await;
    page.write("Ad").await;
    page.press("a").await;
    page.click("#greet").await;
    page.wait_for("#said", "Hello, Ada").await;
    assert_eq!(page.text("#said").await, "Hello, Ada");
    // With the keyboard: from the field to the button.
    page.click("#name").await;
    page.press("Backspace").await;
    page.press("Tab").await;
    page.press("Enter").await;
    page.wait("said.textContent === 'Hello, Ad'").await;
    assert_eq!(page.texts("button").await, ["Greet", "Off"]);
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_in_a_page_is_told() {
    let browser = Browser::start();
    let page = browser
        .open("data:text/html,<script>console.error('one', 2); setTimeout(() => { throw new Error('three') })</script>")
        .await;
    page.evaluate("new Promise(done => setTimeout(() => done(true)))")
        .await;
    page.evaluate("new Promise(done => requestAnimationFrame(() => done(true)))")
        .await;
    let problems = page.problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("error: one"), "{problems:?}");
    assert!(problems[1].contains("Error: three"), "{problems:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_shown_dark_and_light_and_in_any_size() {
    let browser = Browser::start();
    let page = browser.open(PAGE).await;
    let colour = "getComputedStyle(document.body).color";
    page.dark(true).await;
    assert_eq!(page.evaluate(colour).await, "rgb(255, 255, 255)");
    page.dark(false).await;
    assert_eq!(page.evaluate(colour).await, "rgb(0, 0, 0)");
    page.resize(360, 640).await;
    assert_eq!(page.evaluate("innerWidth").await, 360);
    assert!(page.picture().await.starts_with("iVBOR"), "a PNG");
}
