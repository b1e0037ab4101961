//! What a person sees of steps.
use super::*;
use anyhow::bail;

#[test]
fn a_failure_names_every_step_its_cause_and_all_the_advice() {
    let mut steps = Steps::default();
    let failed = steps.run("outer", "read the manual", |steps| {
        steps.run("inner", "plug it in", |_| -> Result<()> {
            bail!("no power on socket 7")
        })
    });
    let text = render(&failed.unwrap_err());
    assert_eq!(
        text,
        "error: outer failed\n  because: inner failed\n  because: no power on socket 7\
         \n  what to do: plug it in\n  what to do: read the manual"
    );
}

#[test]
fn the_table_lists_outermost_steps_and_their_total() {
    let mut steps = Steps::default();
    steps
        .run("one", "", |steps| steps.run("inside", "", |_| Ok(())))
        .unwrap();
    steps.run("two", "", |_| Ok(())).unwrap();
    let table = steps.table();
    let titles: Vec<&str> = table
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    assert_eq!(titles, ["one", "two", "total"]);
}

#[test]
fn a_failed_step_is_in_the_table_and_the_next_one_is_not_indented() {
    let mut steps = Steps::default();
    steps
        .run("one", "", |_| -> Result<()> { bail!("x") })
        .unwrap_err();
    assert_eq!(steps.depth, 0);
    assert!(steps.table().contains("one"));
}

#[test]
fn long_times_are_in_minutes() {
    assert_eq!(Took(Duration::from_millis(1250)).to_string(), "1.2 s");
    assert_eq!(Took(Duration::from_secs(125)).to_string(), "2 min 05 s");
}
