//! A row of numbers as a line of little bars.
//! Promises: one column per number, the newest at the right; what is not known is a gap, and no bar
//! is not a low one.
//! Knows nothing of what the numbers are.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// For outputs that are no terminal.
const PLAIN: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// How bars look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Blocks.
    Blocks,
    /// ASCII.
    Ascii,
}

/// The last `columns` of `numbers`, of which `full` or more fills a column.
pub(super) fn line(
    numbers: impl DoubleEndedIterator<Item = Option<f32>>,
    columns: usize,
    full: f32,
    look: Look,
) -> String {
    let bars = match look {
        Look::Blocks => BARS,
        Look::Ascii => PLAIN,
    };
    let bar = |number: Option<f32>| match number {
        Some(number) => {
            let level = (1_u8..8).filter(|level| number * 8.0 >= full * f32::from(*level)).count();
            bars.get(level).copied().unwrap_or(' ')
        }
        None => ' ',
    };
    let newest: Vec<char> = numbers.rev().take(columns).map(bar).collect();
    newest.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::{Look, line};

    #[test]
    fn the_newest_stand_at_the_right_and_unknown_is_a_gap() {
        let numbers = [Some(9.0), Some(0.0), None, Some(50.0), Some(100.0), Some(1_000.0)];
        let shown = line(numbers.into_iter(), 5, 100.0, Look::Blocks);
        assert_eq!(shown, "▁ ▅██");
        assert_eq!(line(numbers.into_iter(), 9, 100.0, Look::Ascii), "__ =##");
    }
}
