//! What a person does with a page: look, wait for something to appear, click, type. Clicks and keys go through the
//! browser's own input, so what is covered, disabled or not focusable cannot be used by a test either.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::wire::Wire;
use crate::PATIENCE;

/// A window with a page in it. It stays open when this is dropped, until the browser ends.
pub struct Page {
    wire: Arc<Wire>,
    session: String,
}

/// Waits in the page, woken by each of its changes, and now and then for those that nothing announces, as of layout.
const WAIT: &str = "new Promise(done => {
  const look = () => {
    const value = (() => { try { return (EXPRESSION) } catch { return null } })()
    if (value) { changes.disconnect(); clearInterval(timer); done(value) }
  }
  const timer = setInterval(() => look(), 50)
  const changes = new MutationObserver(look)
  changes.observe(document, { attributes: true, characterData: true, childList: true, subtree: true })
  look()
})";

/// Where the middle of an element is, if a person could click there.
const PLACE: &str = "(selector => {
  const element = document.querySelector(selector)
  if (!element) return 'there is no such element'
  element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' })
  const box = element.getBoundingClientRect()
  if (box.width === 0 || box.height === 0) return 'it is not shown'
  if (element.disabled) return 'it is disabled'
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const top = document.elementFromPoint(x, y)
  if (!element.contains(top) && !top?.contains(element)) return `it is covered by ${top?.outerHTML.slice(0, 200)}`
  return [x, y]
})(SELECTOR)";

impl Page {
    pub(super) async fn new(wire: Arc<Wire>, session: String) -> Self {
        let page = Self { wire, session };
        for domain in ["Page", "Runtime", "Log"] {
            page.ask(&format!("{domain}.enable"), json!({})).await;
        }
        page
    }

    /// Shows another address, when all of it has arrived.
    pub async fn go(&self, url: &str) {
        let gone = self.ask("Page.navigate", json!({ "url": url })).await;
        assert!(
            gone.get("errorText").is_none(),
            "{url}: {}",
            gone["errorText"]
        );
        self.evaluate(
            "document.readyState === 'complete' || new Promise(done => addEventListener('load', () => done(true)))",
        )
        .await;
    }

    /// The value of an expression in the page, which may be a promise.
    pub async fn evaluate(&self, expression: &str) -> Value {
        self.try_evaluate(expression)
            .await
            .unwrap_or_else(|error| panic!("{expression}\n{error}"))
    }

    async fn try_evaluate(&self, expression: &str) -> Result<Value, String> {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
        });
        let page = Some(self.session.as_str());
        let mut answer = self.wire.try_ask(page, "Runtime.evaluate", params).await;
        if let Some(error) = answer.get("error") {
            return Err(error.to_string());
        }
        match answer["result"].get("exceptionDetails") {
            Some(details) => Err(details["exception"]["description"].to_string()),
            None => Ok(answer["result"]["result"]["value"].take()),
        }
    }

    /// Waits until an expression is true of the page, and gives its value. It is looked at after each change.
    pub async fn wait(&self, expression: &str) -> Value {
        let waiting = WAIT.replace("EXPRESSION", expression);
        let patience = PATIENCE.saturating_sub(Duration::from_secs(5));
        match tokio::time::timeout(patience, self.evaluate(&waiting)).await {
            Ok(value) => value,
            Err(_) => panic!(
                "`{expression}` did not become true; the page says:\n{}\nproblems: {:#?}",
                self.evaluate("document.body.innerText").await,
                self.problems()
            ),
        }
    }

    /// Waits until the page itself has gone to an address that begins so.
    pub async fn arrives(&self, url: &str) {
        let there = format!(
            "location.href.startsWith({}) && document.readyState === 'complete'",
            json!(url)
        );
        let look = async {
            // In between, there is no page to ask.
            while self.try_evaluate(&there).await != Ok(Value::Bool(true)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        crate::within(look).await;
    }

    /// Waits until an element is there that contains a text, in what a person sees of it.
    pub async fn wait_for(&self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        self.wait(&format!(
            "[...document.querySelectorAll({selector})].some(element => element.innerText.includes({text}))"
        ))
        .await;
    }

    /// What a person sees of the first such element.
    pub async fn text(&self, selector: &str) -> String {
        let selector = json!(selector);
        let text = self
            .evaluate(&format!("document.querySelector({selector}).innerText"))
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// What a person sees of all such elements, in order.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let selector = json!(selector);
        let texts = self
            .evaluate(&format!(
                "[...document.querySelectorAll({selector})].map(element => element.innerText)"
            ))
            .await;
        let texts = texts.as_array().into_iter().flatten();
        texts
            .map(|text| text.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Clicks on the middle of the first such element, once it is there and can be clicked.
    pub async fn click(&self, selector: &str) {
        let place = PLACE.replace("SELECTOR", &json!(selector).to_string());
        self.wait(&format!("Array.isArray({place})")).await;
        let place = self.evaluate(&place).await;
        assert!(place.is_array(), "{selector} cannot be clicked: {place}");
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let pressed = kind != "mouseMoved";
            let button = if pressed { "left" } else { "none" };
            let event = json!({
                "type": kind, "x": place[0], "y": place[1], "button": button, "clickCount": i32::from(pressed),
            });
            self.ask("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types a text where the focus is.
    pub async fn write(&self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses a key where the focus is, by its name in the standard: `Tab`, `Enter`, `ArrowDown`, `/`.
    pub async fn press(&self, key: &str) {
        let code = match key {
            "Backspace" => 8,
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        let text = match key {
            "Enter" => "\r",
            key if key.chars().count() == 1 => key,
            _ => "",
        };
        let mut down = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if !text.is_empty() {
            down["text"] = text.into();
        }
        self.ask("Input.dispatchKeyEvent", down).await;
        let up = json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code });
        self.ask("Input.dispatchKeyEvent", up).await;
    }

    /// Shows the page as to somebody who prefers dark colours, or light ones.
    pub async fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let feature = json!({ "name": "prefers-color-scheme", "value": value });
        let media = json!({ "features": [feature] });
        self.ask("Emulation.setEmulatedMedia", media).await;
    }

    /// Makes the window as wide and high as this, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// A picture of the window, as a PNG in base64.
    pub async fn picture(&self) -> String {
        let picture = self.ask("Page.captureScreenshot", json!({})).await;
        picture["data"].as_str().unwrap_or_default().to_owned()
    }

    /// What went wrong in the page so far: exceptions, errors in its console, what the browser refused to load or do.
    pub fn problems(&self) -> Vec<String> {
        self.wire.problems(&self.session)
    }

    /// Fails the test if anything went wrong in the page.
    pub async fn is_healthy(&self) {
        // Events that happened before come before this answer.
        self.evaluate("new Promise(done => requestAnimationFrame(() => done(true)))")
            .await;
        let problems = self.problems();
        assert!(problems.is_empty(), "{problems:#?}");
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        self.wire.ask(Some(&self.session), method, params).await
    }
}
