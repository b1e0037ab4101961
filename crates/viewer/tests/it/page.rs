//! The page as a person sees it, in a browser.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use serde_json::json;
use weft_testkit::browser::{Browser, Page};
use weft_viewer::{Report, Source};

use crate::harness::Running;
use crate::sent::{MILLI, NOW, failed, gauge, line, logs, point, span, spans, text, trace_hex};

/// A chain of three services: each calls the next.
fn chain(running: &Running) {
    let front = vec![
        span(1, 1, 0, "GET /order", 0, 100),
        span(1, 2, 1, "call middle", 10, 90),
    ];
    let middle = vec![
        span(1, 3, 2, "POST /check", 20, 80),
        span(1, 4, 3, "call back", 30, 70),
    ];
    let mut query = failed(span(1, 5, 4, "GET /stock", 40, 60), "out of stock");
    query.attributes = vec![text("http.route", "/stock"), text("stock.item", "tea")];
    query.events = vec![Event {
        name: "looked up".to_owned(),
        time_unix_nano: NOW + 50 * MILLI,
        ..Event::default()
    }];
    running.store.spans(spans("backend", vec![query]));
    running.store.spans(spans("middle", middle));
    running.store.spans(spans("frontend", front));
    let said = vec![line(17, "there is no tea", 1, 5), line(9, "asked", 1, 1)];
    running.store.logs(logs("backend", said));
}

/// Where a bar is, in hundredths of the width.
async fn bar(page: &Page, row: usize) -> (f64, f64) {
    let style = page
        .evaluate(&format!(
            "(style => [parseFloat(style.left), parseFloat(style.width)])(document.querySelectorAll('.row .span')[{row}].style)"
        ))
        .await;
    (style[0].as_f64().unwrap(), style[1].as_f64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_three_services_is_one_waterfall() {
    let running = Running::start();
    let browser = Browser::start();
    let page = browser.open(&running.url("/")).await;
    page.wait_for(".empty", "No traces yet").await;
    // It appears without a reload.
    chain(&running);
    page.wait_for(".list tbody tr", "GET /order").await;
    page.wait_for(".list tbody tr", "100 ms").await;
    page.wait_for(".list tbody .badge", "1 error").await;
    assert_eq!(
        page.texts(".list .services .service").await,
        ["backend", "frontend", "middle"]
    );
    page.click(".list tbody a").await;
    page.wait_for("h1", "GET /order").await;
    // What is not drawn yet has no text.
    page.wait_for(".row .what", "GET /stock").await;
    let names = page.texts(".row .what > span:nth-of-type(1)").await;
    assert_eq!(
        names,
        [
            "GET /order",
            "call middle",
            "POST /check",
            "call back",
            "GET /stock"
        ]
    );
    let services = page.texts(".row .what .service").await;
    assert_eq!(
        services,
        ["frontend", "frontend", "middle", "middle", "backend"]
    );
    let levels = page
        .evaluate("[...document.querySelectorAll('.row')].map(row => +row.ariaLevel)")
        .await;
    assert_eq!(levels, json!([1, 2, 3, 4, 5]));
    assert_eq!(
        page.texts(".row .label").await,
        ["100 ms", "80.0 ms", "60.0 ms", "40.0 ms", "20.0 ms"]
    );
    assert_eq!(bar(&page, 0).await, (0.0, 100.0));
    assert_eq!(bar(&page, 2).await, (20.0, 60.0));
    assert_eq!(bar(&page, 4).await, (40.0, 20.0));
    assert_eq!(
        page.texts(".row.failed .what > span:nth-of-type(1)").await,
        ["GET /stock"]
    );
    // Nested also to the eye.
    let indents = page.evaluate("[...document.querySelectorAll('.row .what > span:nth-of-type(1)')].every((name, index, all) => !index || name.getBoundingClientRect().left > all[index - 1].getBoundingClientRect().left)").await;
    assert_eq!(indents, true);

    page.click(".row:last-child").await;
    page.wait_for(".details .failure", "out of stock").await;
    page.wait_for(".details .pairs", "tea").await;
    page.wait_for(".details .event", "looked up").await;
    page.wait_for(".details .event", "there is no tea").await;
    page.wait_for(".lines .entry", "there is no tea").await;
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_waterfall_is_used_with_keys_alone() {
    let running = Running::start();
    chain(&running);
    let browser = Browser::start();
    let page = browser
        .open(&running.url(&format!("/#/trace/{}", trace_hex(1))))
        .await;
    page.wait_for(".row", "GET /stock").await;
    page.evaluate("document.querySelector('.row').focus()")
        .await;
    let focused = "document.activeElement.querySelector('.what > span').innerText";
    page.press("ArrowDown").await;
    assert_eq!(page.evaluate(focused).await, "call middle");
    page.press("ArrowLeft").await;
    page.wait("document.querySelectorAll('.row').length === 2")
        .await;
    assert_eq!(page.evaluate(focused).await, "call middle");
    page.press("ArrowRight").await;
    page.wait("document.querySelectorAll('.row').length === 5")
        .await;
    page.press("ArrowDown").await;
    page.press("Enter").await;
    page.wait_for(".details h2", "POST /check").await;
    assert_eq!(page.evaluate(focused).await, "POST /check");
    // The address says it all: a reload shows the same.
    let address = page.evaluate("location.href").await;
    let again = browser.open(address.as_str().unwrap()).await;
    again.wait_for(".details h2", "POST /check").await;
    // From the top: skip link, tabs, and `/` to search.
    page.press("/").await;
    page.write("stock").await;
    page.wait("document.querySelectorAll('.row.dim').length === 4")
        .await;
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_stream_in_and_lead_to_their_trace() {
    let running = Running::start();
    let browser = Browser::start();
    let page = browser.open(&running.url("/#/logs")).await;
    page.wait_for(".empty", "No log lines yet").await;
    for number in 0..200 {
        running
            .store
            .logs(logs("shop", vec![line(9, &format!("line {number}"), 0, 0)]));
    }
    page.wait_for(".entry:last-child .body", "line 199").await;
    page.wait("document.querySelectorAll('.entry').length === 200")
        .await;
    // The last line is in sight.
    page.wait("(lines => lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4)(document.querySelector('.lines'))").await;
    chain(&running);
    page.wait_for(".entry:last-child .body", "asked").await;
    page.evaluate("const level = document.querySelectorAll('select')[1]; level.value = 'error'; level.dispatchEvent(new Event('change'))").await;
    page.wait("document.querySelectorAll('.entry').length === 1")
        .await;
    assert_eq!(page.text(".entry .body").await, "there is no tea");
    page.click(".entry a").await;
    page.wait_for(".details h2", "GET /stock").await;
    page.wait_for("h1", "GET /order").await;
    page.evaluate("history.back()").await;
    page.wait_for(".entry .body", "there is no tea").await;
    page.click("input[type=search]").await;
    page.write("coffee").await;
    page.wait_for(".empty", "No line fits").await;
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_draw_lines() {
    let running = Running::start();
    let browser = Browser::start();
    let page = browser.open(&running.url("/#/metrics")).await;
    page.wait_for(".empty", "No metrics yet").await;
    let labels = |region: &str| -> Vec<KeyValue> { vec![text("region", region)] };
    for second in 0..10_u32 {
        let value = f64::from(second) * 1_048_576.0;
        let points = vec![
            point(second.into(), value, labels("north")),
            point(second.into(), 1024.0, labels("south")),
        ];
        running.store.metrics(gauge("shop", "memory.used", points));
    }
    page.wait_for(".card h2", "memory.used").await;
    page.wait("document.querySelectorAll('.chart path').length === 2")
        .await;
    page.wait(
        "document.querySelectorAll('.chart path')[0].getAttribute('d').split('L').length === 10",
    )
    .await;
    // It rises from the lower left to the upper right.
    let drawn = page.evaluate("(path => path.getPointAtLength(0).y > path.getPointAtLength(path.getTotalLength()).y)(document.querySelector('.chart path'))").await;
    assert_eq!(drawn, true);
    page.wait_for(".legend li", "region=north").await;
    page.wait_for(".legend li", "9.00 MiB").await;
    // A new point moves the line.
    let before = page
        .evaluate("document.querySelector('.chart path').getAttribute('d')")
        .await;
    running.store.metrics(gauge(
        "shop",
        "memory.used",
        vec![point(10, 0.0, labels("north"))],
    ));
    page.wait(&format!(
        "document.querySelector('.chart path').getAttribute('d') !== {before}"
    ))
    .await;
    page.is_healthy().await;
}

fn report(state: &str, of_workload: &str, requests: u64) -> Report {
    Report {
        source: Source {
            id: "1".to_owned(),
            name: "shop".to_owned(),
            url: "http://localhost:8000/".to_owned(),
        },
        state: state.to_owned(),
        workloads: vec![json!({
            "tenant": "default", "workload": "shop", "state": of_workload, "reason": null, "since": "2026-11-23T12:00:00Z",
            "hosts": ["shop.localhost"], "service": { "state": "running", "restarts": 2, "restartsLeft": 8, "lastEnd": "exit code 1", "listening": ["127.0.0.1:77"] },
            "ports": [], "use": { "inFlight": 1, "queued": 0, "instances": 3, "memoryBytes": 4_194_304, "cpuSeconds": 0.25, "codeLoaded": true },
            "requests": requests, "failures": { "trap": 1 },
        })],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_workload_changes_on_the_page() {
    let running = Running::start();
    let browser = Browser::start();
    let page = browser.open(&running.url("/#/workloads")).await;
    page.wait_for(".empty", "No process reports here").await;
    running.store.report(report("building", "running", 1));
    page.wait_for(".process header .badge", "building").await;
    running.store.report(report("serving", "running", 41));
    page.wait_for(".process header .badge.good", "serving")
        .await;
    page.wait_for(".workload .badge.good", "running").await;
    page.wait_for(".tiles", "41").await;
    page.wait_for(".tiles", "4.00 MiB").await;
    page.wait_for(".workload", "2 restarts, 8 left").await;
    running.store.report(report("serving", "failed", 42));
    page.wait_for(".workload .badge.bad", "failed").await;
    assert_eq!(
        page.evaluate("document.querySelector('.process a').href")
            .await,
        "http://localhost:8000/"
    );
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_in_what_is_reported_is_text() {
    const EVIL: &str =
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    let running = Running::start();
    let mut span = failed(span(1, 1, 0, EVIL, 0, 10), EVIL);
    span.attributes = vec![text(EVIL, EVIL)];
    running.store.spans(spans(EVIL, vec![span]));
    let mut said = line(9, EVIL, 1, 1);
    said.attributes = vec![text(EVIL, EVIL)];
    running.store.logs(logs(EVIL, vec![said]));
    running.store.metrics(gauge(
        EVIL,
        EVIL,
        vec![
            point(0, 1.0, vec![text(EVIL, EVIL)]),
            point(1, 1.0, vec![text(EVIL, EVIL)]),
        ],
    ));
    let mut evil = report("serving", EVIL, 1);
    evil.source.name = EVIL.to_owned();
    evil.source.url = "javascript:document.title='owned'".to_owned();
    evil.workloads.push(json!(null));
    evil.workloads
        .push(json!({ "hosts": [1], "failures": { EVIL: 1 }, "service": {}, "use": null }));
    running.store.report(evil);
    let browser = Browser::start();
    let page = browser.open(&running.url("/")).await;
    let trace = format!("/#/trace/{}?span=0000000000000001", trace_hex(1));
    for (path, place) in [
        ("/#/traces", ".list .name a"),
        (trace.as_str(), ".details .pairs td"),
        ("/#/logs", ".entry .body"),
        ("/#/metrics", ".card h2"),
        ("/#/workloads", ".process h2"),
    ] {
        page.go(&running.url(path)).await;
        page.wait_for(place, EVIL).await;
        let made = page.evaluate("[document.querySelectorAll('main img, main script').length, document.querySelectorAll('a[href^=javascript]').length, document.title.includes('owned')]").await;
        assert_eq!(made, json!([0, 0, false]), "{path}");
    }
    page.is_healthy().await;
    // Even script of our own could not make markup of text.
    let forbidden = page.evaluate("(() => { try { document.body.innerHTML = '<b>x</b>'; return 'made' } catch (error) { return error.name } })()").await;
    assert_eq!(forbidden, "TypeError");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_narrowed_and_emptied_on_the_page() {
    let running = Running::start();
    chain(&running);
    running
        .store
        .spans(spans("other", vec![span(2, 1, 0, "GET /health", 0, 1)]));
    let browser = Browser::start();
    let page = browser.open(&running.url("/")).await;
    page.wait("document.querySelectorAll('tbody tr').length === 2")
        .await;
    page.press("/").await;
    page.write("health").await;
    page.wait("document.querySelectorAll('tbody tr').length === 1")
        .await;
    assert_eq!(page.texts("tbody .name a").await, ["GET /health"]);
    page.evaluate("const field = document.querySelector('input[type=search]'); field.value = ''; field.dispatchEvent(new Event('input'))").await;
    page.wait("document.querySelectorAll('tbody tr').length === 2")
        .await;
    page.click("input[type=checkbox]").await;
    page.wait("document.querySelectorAll('tbody tr').length === 1")
        .await;
    assert_eq!(page.texts("tbody .name a").await, ["GET /order"]);
    assert_eq!(page.evaluate("location.hash").await, "#/traces?failed=1");
    page.click("#clear").await;
    page.wait_for(".empty", "No traces yet").await;
    page.is_healthy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_readable_dark_and_light_wide_and_narrow_and_names_its_controls() {
    let running = Running::start();
    chain(&running);
    let browser = Browser::start();
    let page = browser.blank().await;
    for (dark, width) in [(false, 1280), (true, 1280), (true, 380)] {
        page.dark(dark).await;
        page.resize(width, 800).await;
        for path in [
            "/#/traces",
            &format!("/#/trace/{}?span=0000000000000005", trace_hex(1)),
            "/#/logs",
            "/#/metrics",
            "/#/workloads",
        ] {
            page.go(&running.url(path)).await;
            page.wait("document.querySelector('main').innerText.length > 10")
                .await;
            let wide = page
                .evaluate("document.documentElement.scrollWidth - innerWidth")
                .await;
            assert!(wide.as_f64().unwrap() <= 0.0, "{path} at {width}: {wide}");
            let unnamed = page.evaluate("[...document.querySelectorAll('button, input, select, a')].filter(one => !one.closest('[aria-hidden=true]') && !(one.ariaLabel || one.innerText || one.labels?.length)).map(one => one.outerHTML)").await;
            assert_eq!(unnamed, json!([]), "{path}");
            let contrast = page.evaluate(CONTRAST).await;
            assert!(
                contrast.as_f64().unwrap() >= 4.5,
                "{path} dark: {dark}: {contrast}"
            );
        }
    }
    page.is_healthy().await;
}

/// The least contrast of any text with what is behind it, as WCAG counts it.
const CONTRAST: &str = "(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
  const parts = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data] }
  const light = ([r, g, b]) => [r, g, b].map(part => part / 255).map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4).reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
  const behind = element => { for (let one = element; one; one = one.parentElement) { const color = parts(getComputedStyle(one).backgroundColor); if (color[3] === 255) return color } return [255, 255, 255] }
  let least = 21
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
    if (!own || element.closest('.hidden, .skip, svg, noscript') || !element.checkVisibility()) continue
    const [one, two] = [light(parts(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a)
    least = Math.min(least, (one + 0.05) / (two + 0.05))
  }
  return least
})()";

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_ends_is_noticed() {
    let running = Running::start();
    let browser = Browser::start();
    let page = browser.open(&running.url("/")).await;
    page.wait_for("#live[data-live=yes]", "Live").await;
    drop(running);
    page.wait_for("#live[data-live=no]", "").await;
}
