//! What a hostile workload may do to its neighbours: one list for the tests and for `cargo xtask bench neighbours`.

use weft_testkit::{assembled, guest};

use crate::manifest::Manifest;

/// An attack: what runs on the host, and what is asked of it again and again.
pub(crate) struct Attack {
    /// What it is, as a sentence without its verb.
    pub(crate) name: &'static str,
    component: Part,
    linked: Option<Part>,
    init: Option<&'static str>,
    /// What each client does, over and over.
    pub(crate) load: Load,
    /// How many clients there are.
    pub(crate) clients: usize,
    /// Whether the workload can answer `/hello` at all.
    pub(crate) has_a_good_side: bool,
}

#[derive(Clone, Copy)]
enum Part {
    Rust(&'static str),
    Text(&'static str),
    Memories(usize),
}

/// What one client does. `{server}` in a target stands for a server that never answers.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// A GET, read to its end.
    Get(&'static str),
    /// A GET whose answer is never read once its head is there.
    Hold(&'static str),
    /// A POST whose body never ends.
    Upload(&'static str),
    /// A GET that is given up at once when it is on its way.
    Leave(&'static str),
}

impl Attack {
    const fn new(name: &'static str, guest: &'static str, load: Load) -> Self {
        Self {
            name,
            component: Part::Rust(guest),
            linked: None,
            init: None,
            load,
            clients: 16,
            has_a_good_side: true,
        }
    }

    const fn p2(name: &'static str, load: Load) -> Self {
        Self::new(name, "http_hostile", load)
    }

    const fn p3(name: &'static str, load: Load) -> Self {
        Self::new(name, "p3_hostile", load)
    }

    /// Does its worst while it is instantiated.
    const fn at_birth(name: &'static str, init: &'static str) -> Self {
        let mut attack = Self::new(name, "hostile_init", Load::Get("/hello"));
        attack.init = Some(init);
        attack.has_a_good_side = false;
        attack
    }

    /// Calls a linked component that does its worst.
    const fn linked(name: &'static str, part: Part, load: Load) -> Self {
        let mut attack = Self::new(name, "hostile_caller", load);
        attack.linked = Some(part);
        attack
    }

    const fn clients(mut self, clients: usize) -> Self {
        self.clients = clients;
        self
    }

    const fn without_a_good_side(mut self) -> Self {
        self.has_a_good_side = false;
        self
    }

    /// The workload of the tenant `mallory`.
    pub(crate) fn manifest(&self, name: &str) -> Manifest {
        let mut manifest = Manifest::new("mallory", name, &self.component.file());
        if let Some(linked) = &self.linked {
            manifest = manifest.component("linked", &linked.file());
        }
        if let Some(init) = self.init {
            manifest = manifest.env("INIT", init);
        }
        manifest
    }
}

impl Part {
    fn file(self) -> std::path::PathBuf {
        match self {
            Self::Rust(name) => guest(name),
            Self::Text(name) => assembled(name),
            Self::Memories(count) => crate::memories::component(count),
        }
    }
}

/// Names for the attacks, and the list of all of them.
macro_rules! attacks {
    ($($name:ident => $attack:expr;)*) => {
        /// All attacks by name.
        pub(crate) const ALL: &[(&str, Attack)] = &[$((stringify!($name), $attack)),*];
    };
}

attacks! {
    endless_loop => Attack::p2("an endless loop in the handler", Load::Get("/spin"));
    endless_loop_p3 => Attack::p3("an endless loop in a 0.3 handler", Load::Get("/spin"));
    endless_loop_in_a_body => Attack::p2("an endless loop after the head", Load::Hold("/spin-head"));
    endless_loop_in_a_body_p3 => Attack::p3("an endless loop after the head, 0.3", Load::Hold("/spin-body"));
    endless_loop_afterwards => Attack::p2("an endless loop after the answer", Load::Get("/spin-after"));
    endless_loop_afterwards_p3 => Attack::p3("an endless loop after the answer, 0.3", Load::Get("/spin-after"));
    endless_loop_in_init => Attack::at_birth("an endless loop in a constructor", "spin");
    endless_loop_in_start => Attack::linked("an endless loop in a start function", Part::Text("hostile_start"), Load::Get("/hello"))
        .without_a_good_side();
    host_calls_without_a_pause => Attack::p2("host calls without a pause", Load::Get("/spin-calls"));
    waits_for_nothing => Attack::p2("waits for nothing, over and over", Load::Get("/spin-yield"));
    yields_without_end => Attack::p3("yields without end", Load::Get("/yield"));
    bulk_memory => Attack::p2("long memory instructions", Load::Get("/fill")).clients(4);
    deep_recursion => Attack::p2("deep recursion", Load::Get("/recurse"));
    deep_recursion_in_init => Attack::at_birth("deep recursion in a constructor", "recurse");

    memory_grow_storm => Attack::p2("memory.grow storm", Load::Get("/grow?1"));
    memory_touched => Attack::p2("memory that is grown and used", Load::Get("/grow-touch?256")).clients(4);
    out_of_memory => Attack::p2("out of memory", Load::Get("/oom")).clients(4);
    memory_in_init => Attack::at_birth("memory.grow storm in a constructor", "grow");
    many_memories => Attack::linked("many memories", Part::Memories(12), Load::Get("/attack?64"));
    table_growth => Attack::linked("table growth", Part::Text("hostile_tables"), Load::Get("/attack?1000"));

    endless_response => Attack::p2("an endless response", Load::Get("/body-endless")).clients(2);
    endless_response_unread => Attack::p2("an endless response that nobody reads", Load::Hold("/body-endless"));
    endless_response_unread_p3 => Attack::p3("an endless 0.3 response that nobody reads", Load::Hold("/body-endless"));
    endless_upload => Attack::p2("an endless upload", Load::Upload("/swallow")).clients(4);
    endless_upload_p3 => Attack::p3("an endless upload, 0.3", Load::Upload("/swallow")).clients(4);
    endless_upload_kept => Attack::p2("an endless upload that is kept", Load::Upload("/hoard")).clients(4);
    upload_never_read => Attack::p2("an upload that is never read", Load::Upload("/ignore-hold"));
    upload_never_read_p3 => Attack::p3("an upload that is never read, 0.3", Load::Upload("/ignore-hold"));
    header_flood => Attack::p2("a header flood", Load::Get("/headers?5000&100"));
    header_flood_p3 => Attack::p3("a header flood, 0.3", Load::Get("/headers?5000&100"));
    response_never_finished => Attack::p2("a response that is never finished", Load::Hold("/no-end")).clients(64);
    response_never_finished_p3 => Attack::p3("a 0.3 response that is never finished", Load::Hold("/no-end")).clients(64);
    response_never_begun => Attack::p2("a response that is never begun", Load::Get("/no-head")).clients(64);
    response_never_begun_p3 => Attack::p3("a 0.3 response that is never begun", Load::Get("/no-answer")).clients(64);

    panics => Attack::p2("panics", Load::Get("/panic?before"));
    panics_p3 => Attack::p3("panics, 0.3", Load::Get("/panic?before"));
    panics_in_a_body => Attack::p2("panics in a body", Load::Get("/panic?body"));
    panics_afterwards => Attack::p2("panics after the answer", Load::Get("/panic?after"));
    panics_in_init => Attack::at_birth("panics in a constructor", "panic");
    exits => Attack::p2("exits", Load::Get("/exit?3"));
    clients_that_leave => Attack::p2("clients that leave a spinning guest", Load::Leave("/spin"));
    clients_that_leave_p3 => Attack::p3("clients that leave a 0.3 guest at once", Load::Leave("/tasks-hold?100"));

    handles => Attack::p2("handles that are never dropped", Load::Get("/handles?pollable")).clients(4);
    handles_full => Attack::p2("full handles that are never dropped", Load::Get("/handles?full-fields")).clients(4);
    handles_in_init => Attack::at_birth("handles that are never dropped, in a constructor", "hoard");
    pollables => Attack::p2("thousands of pollables", Load::Get("/pollables?5000")).clients(4);
    timers => Attack::p2("thousands of timers", Load::Get("/timers?5000")).clients(4);
    tasks => Attack::p3("thousands of tasks that end", Load::Get("/tasks?5000&1")).clients(4);
    tasks_pending => Attack::p3("thousands of pending tasks", Load::Get("/tasks-hold?5000")).clients(4);
    tasks_left_behind => Attack::p3("thousands of tasks left behind", Load::Get("/tasks-leave?2000")).clients(4);
    streams => Attack::p3("thousands of streams", Load::Get("/streams?10000")).clients(4);
    requests_never_finished => Attack::p2("outgoing requests that are never finished", Load::Get("/outbound?50&{server}/never")).clients(4);
    requests_never_finished_p3 => Attack::p3("outgoing 0.3 requests that are never finished", Load::Get("/outbound?50&{server}/never")).clients(4);

    log_flood => Attack::p2("a log flood", Load::Get("/print?stdout&0&100")).clients(4);
    log_flood_in_one_line => Attack::p2("a line that never ends", Load::Get("/print?endless&0&4000")).clients(4);
    log_flood_by_logging => Attack::p2("a flood of wasi:logging", Load::Get("/print?logging&0&100")).clients(4);
    log_flood_in_init => Attack::at_birth("a log flood in a constructor", "print");
    large_arguments => Attack::p2("large arguments of host calls", Load::Get("/shout?20000000")).clients(4);
    many_good_requests => Attack::p2("more good requests than anybody needs", Load::Get("/hello")).clients(64);
}
