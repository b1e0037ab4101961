//! The page's files, as they are in `page/`.

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($path:literal $content_type:ident $file:literal)*) => {
        /// The type and the text of a file.
        pub(crate) fn file(path: &str) -> Option<(&'static str, &'static str)> {
            match path {
                $($path => Some(($content_type, include_str!(concat!("../page/", $file)))),)*
                _ => None,
            }
        }
    };
}

files! {
    "/" HTML "index.html"
    "/style.css" STYLE "style.css"
    "/app.js" SCRIPT "app.js"
    "/dom.js" SCRIPT "dom.js"
    "/format.js" SCRIPT "format.js"
    "/logs.js" SCRIPT "logs.js"
    "/metrics.js" SCRIPT "metrics.js"
    "/trace.js" SCRIPT "trace.js"
    "/traces.js" SCRIPT "traces.js"
    "/workloads.js" SCRIPT "workloads.js"
}
