//! The two pipes to the browser: commands and their answers, and events of pages. A message is JSON that ends with a zero.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::within;

/// Commands of one browser.
pub(super) struct Wire {
    to: Mutex<Box<dyn Write + Send>>,
    state: Mutex<State>,
    log: PathBuf,
}

#[derive(Default)]
struct State {
    asked: u64,
    waiting: HashMap<u64, oneshot::Sender<Value>>,
    /// What went wrong in each page.
    problems: BTreeMap<String, Vec<String>>,
    ended: bool,
}

impl Wire {
    pub(super) fn new(
        to: impl Write + Send + 'static,
        from: impl Read + Send + 'static,
        log: PathBuf,
    ) -> Arc<Self> {
        let wire = Arc::new(Self {
            to: Mutex::new(Box::new(to)),
            state: Mutex::default(),
            log,
        });
        let reader = Arc::clone(&wire);
        std::thread::spawn(move || reader.read(BufReader::new(from)));
        wire
    }

    /// Sends a command and gives its result; a refusal fails the test.
    pub(super) async fn ask(&self, page: Option<&str>, method: &str, params: Value) -> Value {
        let mut answer = self.try_ask(page, method, params).await;
        assert!(
            answer.get("error").is_none(),
            "the browser refuses {method}: {}",
            answer["error"]
        );
        answer["result"].take()
    }

    /// The same, but gives the whole answer.
    pub(super) async fn try_ask(&self, page: Option<&str>, method: &str, params: Value) -> Value {
        let (sender, receiver) = oneshot::channel();
        let id = {
            let mut state = self.state();
            assert!(!state.ended, "the browser has ended:\n{}", self.said());
            state.asked += 1;
            let id = state.asked;
            state.waiting.insert(id, sender);
            id
        };
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(page) = page {
            message["sessionId"] = page.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let sent = {
            let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
            to.write_all(&bytes).and_then(|()| to.flush())
        };
        assert!(sent.is_ok(), "the browser has ended:\n{}", self.said());
        let answer = within(receiver).await;
        answer.unwrap_or_else(|_| panic!("the browser has ended:\n{}", self.said()))
    }

    /// What went wrong in a page so far.
    pub(super) fn problems(&self, page: &str) -> Vec<String> {
        self.state().problems.get(page).cloned().unwrap_or_default()
    }

    fn read(&self, mut from: impl BufRead) {
        let mut bytes = Vec::new();
        while matches!(from.read_until(0, &mut bytes), Ok(1..)) {
            bytes.pop();
            if let Ok(message) = serde_json::from_slice::<Value>(&bytes) {
                self.take(message);
            }
            bytes.clear();
        }
        let mut state = self.state();
        state.ended = true;
        state.waiting.clear();
    }

    fn take(&self, message: Value) {
        let mut state = self.state();
        if let Some(id) = message["id"].as_u64() {
            if let Some(waiting) = state.waiting.remove(&id) {
                let _ = waiting.send(message); // a test that failed does not wait any more
            }
        } else if let Some(problem) = problem(&message) {
            let page = message["sessionId"].as_str().unwrap_or_default();
            let problems = state.problems.entry(page.to_owned()).or_default();
            problems.push(problem);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// What an event says that a console would show in red: exceptions that nobody caught, errors that the page wrote, and
/// what the browser itself refused, as what a policy forbids or could not be loaded.
fn problem(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => {
            let details = &params["exceptionDetails"];
            let said = details["exception"]["description"].as_str();
            let said = said.or_else(|| details["text"].as_str()).unwrap_or("?");
            Some(format!("exception: {said}"))
        }
        "Runtime.consoleAPICalled"
            if matches!(params["type"].as_str(), Some("error" | "assert")) =>
        {
            let words = params["args"].as_array().into_iter().flatten();
            let words = words.map(|word| match word["value"].as_str() {
                Some(text) => text.to_owned(),
                None => word["description"].as_str().unwrap_or("?").to_owned(),
            });
            Some(format!("error: {}", words.collect::<Vec<_>>().join(" ")))
        }
        "Log.entryAdded" if params["entry"]["level"] == "error" => {
            let entry = &params["entry"];
            let text = entry["text"].as_str().unwrap_or("?");
            let url = entry["url"].as_str().unwrap_or("");
            Some(format!("error: {text} {url}").trim_end().to_owned())
        }
        _ => None,
    }
}
