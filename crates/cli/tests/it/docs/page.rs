//! The fenced blocks of a Markdown page, and the steps of those that show a terminal.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// File and line, for messages.
    pub(super) place: String,
    /// The word behind the fence.
    pub(super) language: String,
    pub(super) text: String,
}

/// A command, and what the page shows below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) command: String,
    pub(super) expected: Vec<String>,
}

impl Step {
    /// Whether the command goes on in the background.
    pub(super) fn is_server(&self) -> bool {
        self.command.ends_with(" &")
    }
}

/// All fenced blocks of a page.
pub(super) fn blocks(page: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (open.take(), fence) {
            (None, None) => {}
            (None, Some(language)) => {
                open = Some(Block {
                    place: format!("{page}:{}", number + 1),
                    language: language.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (Some(block), Some(_)) => blocks.push(block),
        }
    }
    assert!(open.is_none(), "{page}: a block is not closed");
    blocks
}

/// The steps of a block: `$ ` starts a command, `> ` goes on with it, and what follows is its output.
pub(super) fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.trim_end().to_owned(),
                expected: Vec::new(),
            });
            continue;
        }
        let Some(step) = steps.last_mut() else {
            panic!(
                "{}: the block starts with `{line}` instead of `$ ` and a command",
                block.place
            );
        };
        match line.strip_prefix('>').filter(|_| step.expected.is_empty()) {
            Some(more) => {
                step.command.push('\n');
                step.command
                    .push_str(more.strip_prefix(' ').unwrap_or(more));
            }
            None => step.expected.push(line.trim_end().to_owned()),
        }
    }
    steps
}

#[test]
fn blocks_have_their_place_and_language() {
    let text = "text\n```console\n$ true\n```\n\n```\nplain\n```\n";
    let found = blocks("a.md", text);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].place.as_str(), found[0].language.as_str()),
        ("a.md:2", "console")
    );
    assert_eq!(
        (found[1].language.as_str(), found[1].text.as_str()),
        ("", "plain\n")
    );
}

#[test]
fn a_command_may_take_several_lines_and_is_followed_by_its_output() {
    let text =
        "```console\n$ cat <<'EOF'\n> one\n>   two\n> EOF\none\n  two\n$ weft run a.wasm &\n```\n";
    let found = steps(&blocks("a.md", text)[0]);
    assert_eq!(found[0].command, "cat <<'EOF'\none\n  two\nEOF");
    assert_eq!(found[0].expected, ["one", "  two"]);
    assert!(found[1].is_server() && !found[0].is_server());
}
