//! The facts of a workload for people: one block for the workload, one for each component, and at the end what is missing.

use std::collections::BTreeSet;

use super::facts::{Component, Explained, Export, Import, Limit, Problem, Program, Reach, Value};
use crate::printer::{BAD, CARE, FAINT, GOOD, Global, NAME};

/// Names longer than this do not push what stands behind them further to the right.
const NAME_MAX: usize = 56;

/// Draws everything on standard output.
pub(super) fn draw(explained: &Explained, global: &Global) {
    for line in lines(explained) {
        global.line(line);
    }
}

fn lines(explained: &Explained) -> Vec<String> {
    let mut out = vec![headline(explained)];
    for route in &explained.routes {
        out.push(format!("  answers http://{route}"));
    }
    for program in &explained.programs {
        self::program(program, &mut out);
    }
    for component in &explained.components {
        self::component(component, &mut out);
    }
    ports(explained, &mut out);
    block(explained, &mut out);
    for note in &explained.notes {
        out.push(format!("  {CARE}note:{CARE:#} {note}"));
    }
    for problem in &explained.problems {
        self::problem(problem, &mut out);
    }
    out
}

fn headline(explained: &Explained) -> String {
    let count = match explained.problems.len() {
        1 => "1 problem".to_owned(),
        many => format!("{many} problems"),
    };
    let Some(workload) = &explained.workload else {
        return format!(
            "{NAME}{}{NAME:#} {BAD}cannot be read:{BAD:#} {count}",
            explained.file
        );
    };
    let line = explained
        .line
        .map(|line| format!(":{line}"))
        .unwrap_or_default();
    let verdict = if explained.starts {
        format!("{GOOD}would start{GOOD:#}")
    } else {
        format!("{BAD}would not start:{BAD:#} {count}")
    };
    format!(
        "workload {NAME}{workload}{NAME:#} {FAINT}({}{line}){FAINT:#} {verdict}",
        explained.file
    )
}

fn program(program: &Program, out: &mut Vec<String>) {
    let names = listed(&program.components);
    let runs = match program.runs {
        "requests" if program.components.len() > 1 => "answer requests together, in one instance",
        "requests" => "answers requests",
        "service" => "is the service",
        _ => "is run once",
    };
    out.push(format!("  {names} {runs}"));
    let mut rows: Vec<(String, String)> = program.limits.iter().map(limit).collect();
    rows.push(("instances".to_owned(), program.instances.clone()));
    table(&rows, out);
}

fn limit(limit: &Limit) -> (String, String) {
    let by = match limit.set_by.as_slice() {
        [] => "default of the host".to_owned(),
        components => format!("set by {}{}", listed(components), at_line(limit.line)),
    };
    (
        limit.name.replace('-', " "),
        format!("{} {FAINT}({by}){FAINT:#}", limit.value),
    )
}

fn component(component: &Component, out: &mut Vec<String>) {
    let kind = if component.service {
        "service"
    } else {
        "component"
    };
    let name = match component.service {
        true => String::new(),
        false => format!(" {NAME}{}{NAME:#}", component.name),
    };
    let unused = match component.in_use {
        Some(false) => format!(" {CARE}not used{CARE:#}"),
        _ => String::new(),
    };
    out.push(format!(
        "{kind}{name} {FAINT}({}){FAINT:#}{unused}",
        component.image
    ));
    if let Some(imports) = &component.imports {
        section("imports", &imported(imports), "nothing", out);
    }
    if let Some(exports) = &component.exports {
        section("exports", &exported(exports), "nothing", out);
    }
    section("environment", &values(&component.environment), "empty", out);
    if component.config.len() > component.environment.len() || imports_config(component) {
        section("config", &values(&component.config), "empty", out);
    }
    out.push("  may reach".to_owned());
    table(&reach(&component.reach, component.service), out);
    let volumes: Vec<_> = component
        .volumes
        .iter()
        .map(|mount| {
            let access = if mount.read_only {
                "read only"
            } else {
                "read and write"
            };
            let what = match &mount.host_path {
                Some(path) => format!("the folder {path} of the host"),
                None => "an empty folder that is gone when the workload stops".to_owned(),
            };
            (
                mount.path.clone(),
                format!("{access}: volume `{}`, {what}", mount.volume),
            )
        })
        .collect();
    section("files", &volumes, "none", out);
}

fn imports_config(component: &Component) -> bool {
    let mut imports = component.imports.iter().flatten();
    imports.any(|import| import.name.starts_with("wasi:config/"))
}

/// Imports of one package with the same server share a line.
fn imported(imports: &[Import]) -> Vec<(String, String)> {
    let mut rows: Vec<(Package, String)> = Vec::new();
    for import in imports {
        let server = served(import);
        let package = Package::of(&import.name);
        match rows
            .iter_mut()
            .find(|(other, by)| *by == server && other.is_same(&package))
        {
            Some((other, _)) => other.interfaces.extend(package.interfaces),
            None => rows.push((package, server)),
        }
    }
    rows.into_iter()
        .map(|(package, server)| (package.shown(), server))
        .collect()
}

fn served(import: &Import) -> String {
    match import.served_by {
        "wasi" => "the host (WASI)".to_owned(),
        "capability" => match import.entry {
            Some(entry) => format!(
                "the host, granted by hostInterfaces[{entry}]{}",
                at_line(import.line)
            ),
            None => "the host, if a manifest asks for it".to_owned(),
        },
        "component" => format!(
            "component `{}`",
            import.component.as_deref().unwrap_or_default()
        ),
        _ => format!("{BAD}nobody{BAD:#}"),
    }
}

fn exported(exports: &[Export]) -> Vec<(String, String)> {
    let used = |export: &Export| match export.used_by {
        "requests" => "answers the requests of the workload".to_owned(),
        "run" => "is run".to_owned(),
        "components" => format!("imported by {}", listed(&export.components)),
        _ => format!("{FAINT}not used{FAINT:#}"),
    };
    exports
        .iter()
        .map(|export| (export.name.clone(), used(export)))
        .collect()
}

fn values(values: &[Value]) -> Vec<(String, String)> {
    values
        .iter()
        .map(|value| {
            let from = format!("from {}{}", value.from, at_line(value.line));
            (value.name.clone(), from)
        })
        .collect()
}

fn reach(reach: &Reach, is_service: bool) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if reach.calls_out == Some(false) {
        rows.push((
            "nothing".to_owned(),
            "it imports neither outgoing HTTP nor sockets".to_owned(),
        ));
    }
    let list = |entries: &[String], nothing: &str| match entries {
        [] => nothing.to_owned(),
        entries => entries.join(", "),
    };
    if reach.calls_out != Some(false) || !reach.allowed_hosts.is_empty() {
        rows.push((
            "hosts".to_owned(),
            list(
                &reach.allowed_hosts,
                "none: `allowedHosts` is empty, which is the default",
            ),
        ));
    }
    if reach.calls_out != Some(false) || !reach.allowed_ip_name_lookups.is_empty() {
        rows.push((
            "names".to_owned(),
            list(
                &reach.allowed_ip_name_lookups,
                "none to look up for sockets: `allowedIpNameLookups` is empty, which is the default",
            ),
        ));
    }
    if !reach.allowed_host_loopback_ports.is_empty() {
        rows.push((
            "loopback".to_owned(),
            format!(
                "ports {} of the machine as host.weft.internal, if the host runs with --allow-host-loopback",
                reach.allowed_host_loopback_ports.join(", ")
            ),
        ));
    }
    rows.extend(home(reach, is_service));
    if reach.service && reach.calls_out != Some(false) {
        rows.push((
            "service".to_owned(),
            "the service of the workload, on 127.0.0.1 of the workload".to_owned(),
        ));
    }
    if is_service {
        rows.push((
            "listens".to_owned(),
            "on 127.0.0.1 of the workload, for its components".to_owned(),
        ));
    }
    rows
}

/// What an entry of `allowedHosts` for the machine's own loopback means.
fn home(reach: &Reach, is_service: bool) -> Option<(String, String)> {
    let entries = reach.loopback_hosts.join(", ");
    if entries.is_empty() {
        return None;
    }
    let means = if reach.service || is_service {
        format!(
            "{entries} is the virtual network of the workload, where its service listens; the machine is \
             host.weft.internal"
        )
    } else {
        format!(
            "{entries} is the machine for HTTP if the host runs with --allow-host-loopback, and refused otherwise; for \
             sockets it is the virtual network of the workload"
        )
    };
    Some(("localhost".to_owned(), means))
}

fn ports(explained: &Explained, out: &mut Vec<String>) {
    if explained.ports.is_empty() {
        return;
    }
    out.push("  ports of the service".to_owned());
    let rows: Vec<_> = explained
        .ports
        .iter()
        .map(|port| {
            let at = match (&port.publish, port.flag) {
                (None, _) => "not published".to_owned(),
                (Some(place), Some(flag)) => {
                    format!("published at {place}, if the host runs with {flag}")
                }
                (Some(place), None) => format!("published at {place}"),
            };
            (format!("{} {}/{}", port.name, port.port, port.protocol), at)
        })
        .collect();
    table(&rows, out);
}

fn block(explained: &Explained, out: &mut Vec<String>) {
    if explained.block.is_empty() {
        return;
    }
    let whole = explained
        .block
        .first()
        .is_some_and(|line| line == "hostInterfaces:");
    out.push(if whole {
        "  a manifest has to ask for this:".to_owned()
    } else {
        "  add to `hostInterfaces`:".to_owned()
    });
    out.extend(explained.block.iter().map(|line| format!("      {line}")));
}

fn problem(problem: &Problem, out: &mut Vec<String>) {
    let place = match (problem.line, problem.column) {
        (Some(line), Some(column)) => format!("{}:{line}:{column}", problem.file),
        _ => problem.file.clone(),
    };
    let message = problem.message.replace('\n', "\n  ");
    out.push(format!("{BAD}error:{BAD:#} {place}: {message}"));
    if let Some(help) = &problem.help {
        out.push(format!("  {GOOD}help:{GOOD:#} {help}"));
    }
}

fn section(title: &str, rows: &[(String, String)], empty: &str, out: &mut Vec<String>) {
    if rows.is_empty() {
        out.push(format!("  {title}: {empty}"));
    } else {
        out.push(format!("  {title}"));
        table(rows, out);
    }
}

/// Rows with their names in a column.
fn table(rows: &[(String, String)], out: &mut Vec<String>) {
    let widths = rows.iter().map(|(name, _)| name.chars().count());
    let width = widths
        .filter(|width| *width <= NAME_MAX)
        .max()
        .unwrap_or_default();
    for (name, text) in rows {
        out.push(format!("    {name:<width$}  {text}"));
    }
}

fn listed(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(" in line {line}"))
        .unwrap_or_default()
}

/// The interfaces of one version of a package.
struct Package {
    /// `wasi:http`, or a name that is no interface.
    name: String,
    version: String,
    interfaces: BTreeSet<String>,
}

impl Package {
    fn of(import: &str) -> Self {
        let (path, version) = import.split_once('@').unwrap_or((import, ""));
        match path.split_once('/') {
            Some((package, interface)) => Self {
                name: package.to_owned(),
                version: version.to_owned(),
                interfaces: [interface.to_owned()].into(),
            },
            None => Self {
                name: import.to_owned(),
                version: String::new(),
                interfaces: BTreeSet::new(),
            },
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.version == other.version
    }

    fn shown(&self) -> String {
        let interfaces: Vec<_> = self.interfaces.iter().map(String::as_str).collect();
        let interfaces = match interfaces.as_slice() {
            [] => return self.name.clone(),
            [only] => (*only).to_owned(),
            several => format!("{{{}}}", several.join(", ")),
        };
        let at = if self.version.is_empty() { "" } else { "@" };
        format!("{}/{interfaces}{at}{}", self.name, self.version)
    }
}
