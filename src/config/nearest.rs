//! The known name that an unknown one was probably meant to be.
//! Promises: a name comes back only if it is close enough to be of help; work is bounded.
//! Knows nothing of what the names stand for.

/// Longest word that is compared, in characters; a longer one has no neighbour.
const MAX_WORD: usize = 64;

/// The candidate that takes the fewest changes to become from `word`, if that is at most a third
/// of its letters (two at least). A candidate that ends in `_word` counts as one change: a
/// forgotten prefix.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().take(MAX_WORD + 1).collect();
    if letters.is_empty() || letters.len() > MAX_WORD {
        return None;
    }
    let limit = (letters.len() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (changes(&letters, word, candidate), candidate))
        .filter(|(changes, candidate)| *changes <= limit && *changes < candidate.len())
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, candidate)| candidate)
}

fn changes(letters: &[char], word: &str, candidate: &str) -> usize {
    let lacks_prefix = candidate.strip_suffix(word).is_some_and(|prefix| prefix.ends_with('_'));
    if lacks_prefix { 1 } else { distance(letters, candidate) }
}

/// Levenshtein's distance, by the usual row of the table at a time.
fn distance(word: &[char], candidate: &str) -> usize {
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (above, letter) in candidate.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        let mut next = vec![left];
        for (other, up) in word.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(*other != letter);
            left = replaced.min(left + 1).min(up + 1);
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn the_distance_counts_changed_missing_and_added_letters() {
        let distance = |a: &str, b| distance(&a.chars().collect::<Vec<_>>(), b);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("wan", "wan"), 0);
        assert_eq!(distance("flaw", "lawn"), 2);
    }

    #[test]
    fn only_a_close_name_is_proposed() {
        let names = ["download_ceiling", "upload_ceiling", "spike", "interval"];
        assert_eq!(nearest("spikes", names), Some("spike"));
        assert_eq!(nearest("intervall", names), Some("interval"));
        assert_eq!(nearest("ceiling", names), Some("download_ceiling"));
        assert_eq!(nearest("uplaod_ceiling", names), Some("upload_ceiling"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"spike".repeat(20), names), None);
    }
}
