//! The echoes to the gateway, which tell a dead line from a dead board or cable.
//! Promises: only answers to questions of the last seconds count; nothing is timed.
//! Knows nothing of addresses.

use crate::control::time::{Instant, Span};

/// An answer to one of the last so many questions counts: two seconds of them.
const ANSWERABLE: u32 = 10;

/// The gateway of one WAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Echoes {
    /// Questions asked so far.
    number: u32,
    heard: Option<Instant>,
}

impl Echoes {
    /// The number of the next question.
    pub(super) const fn ask(&mut self) -> u32 {
        self.number = self.number.wrapping_add(1);
        self.number
    }

    /// The gateway answered a question.
    pub(super) fn answered(&mut self, number: u32, now: Instant) {
        if self.number.wrapping_sub(number) < ANSWERABLE.min(self.number) {
            self.heard = Some(now);
        }
    }

    /// Whether it answered within `span`.
    pub(super) fn answers(&self, now: Instant, span: Span) -> bool {
        self.heard.is_some_and(|heard| now.since(heard) < span)
    }
}

#[cfg(test)]
mod tests {
    use super::Echoes;
    use crate::control::time::{Instant, Span};

    #[test]
    fn only_an_answer_to_a_recent_question_counts_and_not_for_ever() {
        let (start, second) = (Instant::from_micros(0), Span::from_secs(1));
        let mut echoes = Echoes::default();
        echoes.answered(0, start);
        echoes.answered(1, start);
        assert!(!echoes.answers(start, second), "nobody asked");
        (0..20).for_each(|_| assert!(echoes.ask() > 0));
        echoes.answered(10, start);
        assert!(!echoes.answers(start, second), "long ago");
        echoes.answered(11, start);
        assert!(echoes.answers(start, second));
        assert!(!echoes.answers(start + second, second));
    }
}
