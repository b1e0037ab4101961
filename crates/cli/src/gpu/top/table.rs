//! The table for people.

use super::rates::Row;
use crate::printer::{FAINT, NAME};

/// One line for each row below a head.
pub(super) fn draw(rows: &[Row]) -> String {
    if rows.is_empty() {
        return format!("{FAINT}no workload of this host may use a GPU{FAINT:#}");
    }
    let name = |row: &Row| match &row.workload {
        None => row.tenant.clone(),
        Some(workload) => format!("  {workload}"),
    };
    let widest = rows.iter().map(|row| name(row).chars().count()).max();
    let wide = widest.unwrap_or(0).max("TENANT / WORKLOAD".len());
    let mut text = format!(
        "{FAINT}{:wide$}  {:>6}  {:>9}  {:>8}  {:>8}  {:>10}  {:>10}  {:>19}  {}{FAINT:#}\n",
        "TENANT / WORKLOAD",
        "GPU",
        "WAIT",
        "SUBMIT/s",
        "DISP/s",
        "UP/s",
        "DOWN/s",
        "MEMORY",
        "ADAPTER"
    );
    for row in rows {
        let (on, off) = match row.workload {
            None => (format!("{NAME}"), format!("{NAME:#}")),
            Some(_) => (String::new(), String::new()),
        };
        let memory = match row.memory_limit_bytes {
            Some(limit) => format!(
                "{} / {}",
                bytes(row.memory_bytes as f64),
                bytes(limit as f64)
            ),
            None => bytes(row.memory_bytes as f64),
        };
        let lost = match row.overdue_devices {
            0 => String::new(),
            count => format!("  {count} lost at a deadline"),
        };
        text += &format!(
            "{on}{:wide$}{off}  {:>5.1}%  {:>9}  {:>8.1}  {:>8.1}  {:>10}  {:>10}  {memory:>19}  {}{lost}\n",
            name(row),
            row.gpu_share * 100.0,
            format!("{:.2} ms", row.queue_wait_seconds * 1e3),
            row.submissions_per_second,
            row.dispatches_per_second,
            bytes(row.uploaded_bytes_per_second),
            bytes(row.downloaded_bytes_per_second),
            row.adapter,
        );
    }
    text
}

fn bytes(count: f64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let (mut count, mut units) = (count, UNITS.iter());
    let mut unit = units.next();
    while count >= 1024.0 {
        let Some(next) = units.next() else { break };
        count /= 1024.0;
        unit = Some(next);
    }
    let unit = unit.copied().unwrap_or_default();
    if count < 10.0 && unit != "B" {
        format!("{count:.1} {unit}")
    } else {
        format!("{count:.0} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::rates::{List, rows, tests::workload};
    use super::{bytes, draw};

    #[test]
    fn a_table_has_tenants_and_their_workloads() {
        let before = List {
            workloads: vec![workload("acme", "shop", 1.0, 100)],
        };
        let now = List {
            workloads: vec![
                workload("acme", "shop", 1.5, 150),
                workload("acme", "idle", 0.0, 0),
            ],
        };
        let table = anstream::adapter::strip_str(&draw(&rows(&before, &now, 1.0))).to_string();
        insta::assert_snapshot!(table, @r"
        TENANT / WORKLOAD     GPU       WAIT  SUBMIT/s    DISP/s        UP/s      DOWN/s               MEMORY  ADAPTER
        acme                50.0%    1.00 ms      50.0     100.0      49 KiB       500 B              128 MiB  llvmpipe
          shop              50.0%    1.00 ms      50.0     100.0      49 KiB       500 B     64 MiB / 256 MiB  llvmpipe
          idle               0.0%    0.00 ms       0.0       0.0         0 B         0 B     64 MiB / 256 MiB  llvmpipe
        ");
    }

    #[test]
    fn a_host_without_gpu_workloads_says_so() {
        assert!(draw(&[]).contains("no workload of this host may use a GPU"));
    }

    #[test]
    fn bytes_have_the_largest_unit_that_fits() {
        assert_eq!(bytes(1023.0), "1023 B");
        assert_eq!(bytes(1536.0), "1.5 KiB");
        assert_eq!(bytes(256.0 * 1024.0 * 1024.0), "256 MiB");
    }
}
