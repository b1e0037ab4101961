//! Responses: texts that are there as a whole, and bodies that are written while the client reads.

use std::fmt::Display;

use wasip3::http::types::{ErrorCode, Fields, Response};
use wasip3::wit_bindgen::StreamWriter;
use wasip3::{spawn_local, wit_future, wit_stream};

pub type Answer = Result<Response, ErrorCode>;

/// Why a request has no picture for an answer.
pub struct Refusal {
    status: u16,
    why: String,
    /// The methods that would do, if this one does not.
    allow: Option<&'static str>,
}

impl Refusal {
    fn new(status: u16, why: impl Display) -> Self {
        Self {
            status,
            why: why.to_string(),
            allow: None,
        }
    }

    /// What was asked for makes no sense.
    pub fn bad(why: impl Display) -> Self {
        Self::new(400, why)
    }

    pub fn unknown(why: impl Display) -> Self {
        Self::new(404, why)
    }

    pub fn method(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(405, format_args!("this path answers {allow}"))
        }
    }

    /// The body is too long.
    pub fn long(why: impl Display) -> Self {
        Self::new(413, why)
    }

    /// It is a picture, but not one that can be worked on.
    pub fn picture(why: impl Display) -> Self {
        Self::new(422, why)
    }

    /// The GPU does not do it.
    pub fn gpu(why: impl Display) -> Self {
        Self::new(503, why)
    }

    pub fn answer(self) -> Answer {
        let allow = self.allow.map(|methods| ("allow", methods));
        respond(
            self.status,
            &[("content-type", "text/plain; charset=utf-8")],
            allow,
            written(format!("{}\n", self.why)),
        )
    }
}

/// A text.
pub fn text(kind: &str, text: String) -> Answer {
    respond(200, &[("content-type", kind)], None, written(text))
}

/// A picture, in pieces.
pub fn picture(
    cache: &str,
    write: impl AsyncFnOnce(&mut StreamWriter<u8>) -> Result<(), String> + 'static,
) -> Answer {
    let headers = [("content-type", "image/png"), ("cache-control", cache)];
    respond(200, &headers, None, write)
}

fn written(text: String) -> impl AsyncFnOnce(&mut StreamWriter<u8>) -> Result<(), String> {
    async move |body| {
        body.write_all(text.into_bytes()).await;
        Ok(())
    }
}

/// The head goes out at once; `write` goes on with the body in a task of its own. If it fails, the body is broken off.
fn respond(
    status: u16,
    headers: &[(&str, &str)],
    more: Option<(&str, &str)>,
    write: impl AsyncFnOnce(&mut StreamWriter<u8>) -> Result<(), String> + 'static,
) -> Answer {
    let internal = |what: &str| ErrorCode::InternalError(Some(what.to_owned()));
    let fields = Fields::new();
    for (name, value) in headers.iter().copied().chain(more) {
        fields
            .append(name, value.as_bytes())
            .map_err(|_| internal("a header was refused"))?;
    }
    let (mut writer, body) = wit_stream::new();
    // Dropping the writer sends what the closure makes: no trailers.
    let (trailers, wanted) = wit_future::new(|| Ok(None));
    spawn_local(async move {
        if let Err(why) = write(&mut writer).await {
            eprintln!("a picture was broken off: {why}");
            // Nobody waits for it any more if this fails.
            let _ = trailers
                .write(Err(ErrorCode::InternalError(Some(why))))
                .await;
        }
    });
    let (response, _sent) = Response::new(fields, Some(body), wanted);
    response
        .set_status_code(status)
        .map_err(|()| internal("the status was refused"))?;
    Ok(response)
}
