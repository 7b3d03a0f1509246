//! The lines of a screen, each with what it is worth.
//! Promises: no line is wider than the screen; where there are too few rows, what matters least goes
//! first, and nothing goes by half.
//! Knows nothing of what the lines say.

/// What a text is worth; the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// Counters, and all that is as it should be.
    Detail,
    /// What happened before the last event.
    Earlier,
    /// A chart of a rate.
    Rates,
    /// The chart of the delay.
    Delay,
    /// Why it is so.
    Reason,
    /// What is waited for.
    Waits,
    /// What happened last.
    Last,
    /// How it is.
    State,
}

/// Texts of a bounded width.
#[derive(Debug)]
pub(super) struct Lines {
    width: usize,
    texts: Vec<(Worth, Vec<String>)>,
}

impl Lines {
    pub(super) const fn new(width: usize) -> Self {
        Self { width, texts: Vec::new() }
    }

    /// A text, as many lines as it takes; all but the first begin with `indent` and two more.
    pub(super) fn put(&mut self, worth: Worth, indent: usize, text: &str) {
        let mut lines = Vec::new();
        let mut line = " ".repeat(indent);
        let mut begun = false;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let long = line.chars().count() + usize::from(begun) + word.chars().count();
            if begun && long > self.width {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent + 2)));
                begun = false;
            }
            if begun {
                line.push(' ');
            }
            // A word longer than the line is cut.
            let room = self.width.saturating_sub(line.chars().count());
            line.extend(word.chars().take(room));
            begun = true;
        }
        lines.push(line);
        self.texts.push((worth, lines));
    }

    /// What belongs to the last text: behind it, where the line has room, or else below it.
    pub(super) fn go_on(&mut self, worth: Worth, indent: usize, text: &str) {
        if let Some((_, lines)) = self.texts.last_mut()
            && let Some(line) = lines.last_mut()
            && line.chars().count() + text.chars().count() + 2 <= self.width
        {
            line.push_str("; ");
            line.push_str(text);
        } else {
            self.put(worth, indent, text);
        }
    }

    /// A line as it is.
    pub(super) fn put_as_is(&mut self, worth: Worth, line: &str) {
        let line = line.chars().take(self.width).collect();
        self.texts.push((worth, vec![line]));
    }

    /// At most so many, if that can be had: how it is stays in any case.
    pub(super) fn fit(mut self, rows: usize) -> Vec<String> {
        while self.count() > rows {
            let of_least = self.texts.iter().map(|(worth, _)| *worth).min();
            let Some(least) = of_least.filter(|least| *least < Worth::State) else { break };
            let Some(index) = self.texts.iter().rposition(|(worth, _)| *worth == least) else {
                break;
            };
            self.texts.remove(index);
        }
        self.texts.into_iter().flat_map(|(_, lines)| lines).collect()
    }

    fn count(&self) -> usize {
        self.texts.iter().map(|(_, lines)| lines.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Worth};

    #[test]
    fn what_is_too_wide_goes_on_in_the_next_line_and_a_word_that_is_wider_is_cut() {
        let mut lines = Lines::new(12);
        lines.put(Worth::State, 0, "one two three four");
        lines.put(Worth::State, 2, "aaaaaaaaaaaaaaaaaaaa b");
        lines.put_as_is(Worth::Delay, "123456789012345");
        let expected =
            ["one two", "  three four", "  aaaaaaaaaa", "    b", "123456789012"].map(str::to_owned);
        assert_eq!(lines.fit(99), expected);
    }

    #[test]
    fn what_belongs_to_a_text_stands_behind_it_where_there_is_room() {
        let shown = |width| {
            let mut lines = Lines::new(width);
            lines.put(Worth::State, 0, "state");
            lines.go_on(Worth::Reason, 2, "reason");
            lines.fit(9).join("/")
        };
        assert_eq!((shown(13), shown(12)), ("state; reason".into(), "state/  reason".into()));
    }

    #[test]
    fn where_there_are_too_few_rows_the_last_of_what_matters_least_goes_as_a_whole() {
        let shown = |rows| {
            let mut lines = Lines::new(9);
            lines.put(Worth::State, 0, "state");
            lines.put(Worth::Rates, 0, "first");
            lines.put(Worth::Rates, 0, "second and third");
            lines.put(Worth::Waits, 0, "waits");
            lines.put(Worth::State, 0, "end");
            lines.fit(rows).join("/")
        };
        assert_eq!(shown(7), "state/first/second/  and/  third/waits/end");
        assert_eq!(shown(6), "state/first/waits/end");
        assert_eq!(shown(3), "state/waits/end");
        assert_eq!(shown(1), "state/end", "how it is stays");
    }
}
