//! The page of the example as a person sees it, in a browser.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use weft_testkit::browser::{Browser, Page};
use weft_testkit::database::{Database, Kind};

use super::workload::Running;

/// Requests at once, several times as many as there are connections.
const VISITORS: usize = 64;

/// Requests that go on until it is dropped.
struct Load(Arc<AtomicBool>);

impl Load {
    fn start(running: &Arc<Running>) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        for _ in 0..VISITORS {
            let (running, goes_on) = (Arc::clone(running), Arc::clone(&goes_on));
            tokio::spawn(async move {
                while goes_on.load(Ordering::SeqCst) {
                    running.post("/transfer?from=1&to=2&amount=1").await;
                }
            });
        }
        Self(goes_on)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Waits until the number that an element shows compares so with another one.
async fn number(page: &Page, id: &str, is: &str) {
    page.wait(&format!(
        "parseFloat(document.getElementById('{id}').innerText.replaceAll(',', '')) {is}"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_connections_waiters_and_queries_while_there_is_load() {
    let database = Database::start(Kind::MariaDb);
    let running = Arc::new(Running::start(&database, "watched"));
    running.post("/accounts?name=from&balance=1000000").await;
    running.post("/accounts?name=to&balance=0").await;
    let browser = Browser::start();
    let page = browser.open(&running.url()).await;
    page.wait_for("#health", "The database answers.").await;
    number(&page, "size", "=== 10").await;
    number(&page, "waiters", "=== 0").await;

    let load = Load::start(&running);
    number(&page, "connections", "=== 10").await;
    number(&page, "waiters", "> 0").await;
    number(&page, "queriesPerSecond", "> 10").await;
    number(&page, "clients", "> 10").await;
    // The drawing follows: its highest point is above the axis.
    page.wait("Math.min(...document.getElementById('line').getAttribute('points').split(' ').map(point => +point.split(',')[1])) < 50")
        .await;
    page.wait("document.getElementById('waiting').getAttribute('points').split(' ').some(point => +point.split(',')[1] < 50)")
        .await;
    let before = page.text("#queries").await;
    page.wait(&format!(
        "document.getElementById('queries').innerText !== '{before}'"
    ))
    .await;

    drop(load);
    number(&page, "waiters", "=== 0").await;
    number(&page, "queriesPerSecond", "< 1").await;
    // Nothing happens any more: what is shown is what the service says.
    let (_, pool) = running.get("/pool.json").await;
    for name in ["queries", "errors", "timeouts", "connections"] {
        number(&page, name, &format!("=== {}", pool[name])).await;
    }
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_opened_and_money_is_moved_on_the_page() {
    let database = Database::start(Kind::PostgreSql);
    let running = Running::start(&database, "handled");
    let browser = Browser::start();
    let page = browser.open(&running.url()).await;
    for name in ["Ada", "<b onclick=alert(1)>Grace</b>"] {
        page.click("#add input[name=name]").await;
        page.write(name).await;
        page.press("Enter").await;
        page.wait_for("#accounts td", name).await; // as text, whatever it is
        page.wait("document.querySelector('#add input[name=name]').value === ''")
            .await;
    }
    for (field, value) in [("from", "1"), ("to", "2")] {
        page.click(&format!("#transfer input[name={field}]")).await;
        page.write(value).await;
    }
    page.click("#transfer button").await;
    page.wait_for("#said", "The money is there.").await;
    page.wait_for("#accounts tr:nth-child(1)", "90").await;
    page.wait_for("#accounts tr:nth-child(2)", "110").await;
    assert_eq!(
        page.evaluate("document.querySelectorAll('#accounts b').length")
            .await,
        0
    );
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_and_comes_back_is_seen_on_the_page() {
    let mut database = Database::start(Kind::MariaDb);
    let running = Running::start(&database, "watched-outage");
    let browser = Browser::start();
    let page = browser.open(&running.url()).await;
    page.wait_for("#health", "The database answers.").await;
    database.stop();
    page.wait_for("#health.bad", "The database does not answer.")
        .await;
    database.start_again();
    page.wait_for("#health:not(.bad)", "The database answers.")
        .await;
    // A browser notes each answer that is an error; the page itself has none.
    let mut problems = page.problems();
    problems.retain(|problem| !problem.contains("503"));
    assert!(problems.is_empty(), "{problems:#?}");
}
