//! The known name that an unknown one was probably meant to be.
//! Promises: a name comes back only if it is close enough to be of help; work is bounded.
//! Knows nothing of what the names stand for.

/// Longest word that is compared, in characters; a longer one has no neighbour.
const MAX_WORD: usize = 64;

/// Shortest piece of a word that is taken for its beginning.
const MIN_BEGINNING: usize = 4;

/// The candidate that takes the fewest changes to become from `word`, if that is at most a third
/// of its letters (two at least). A forgotten prefix (`ceiling` for `download_ceiling`) counts as
/// one change, too much or too little at the end (`warning` for `warn`) at most as two.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let letters: Vec<char> =
        word.chars().take(MAX_WORD + 1).map(|letter| letter.to_ascii_lowercase()).collect();
    if letters.is_empty() || letters.len() > MAX_WORD {
        return None;
    }
    let limit = (letters.len() / 3).max(2);
    let word: String = letters.iter().collect();
    candidates
        .into_iter()
        .map(|candidate| (changes(&letters, &word, candidate, limit), candidate))
        .filter(|(changes, candidate)| *changes <= limit && *changes < candidate.len())
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, candidate)| candidate)
}

/// More than `limit` need not be exact.
fn changes(letters: &[char], word: &str, candidate: &str, limit: usize) -> usize {
    let lacks_prefix = candidate.strip_suffix(word).is_some_and(|prefix| prefix.ends_with('_'));
    if lacks_prefix {
        return 1;
    }
    let shorter = word.len().min(candidate.len());
    let begins_alike = candidate.starts_with(word) || word.starts_with(candidate);
    // Each letter more or less is a change; names are of one byte per letter.
    let least = letters.len().abs_diff(candidate.len());
    if begins_alike && shorter >= MIN_BEGINNING {
        distance(letters, candidate).min(2)
    } else if least > limit {
        least
    } else {
        distance(letters, candidate)
    }
}

/// Levenshtein's distance, by the usual row of the table at a time.
fn distance(word: &[char], candidate: &str) -> usize {
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (above, letter) in candidate.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = left;
        }
        for (other, cell) in word.iter().zip(cells) {
            let (replaced, up) = (diagonal + usize::from(*other != letter), *cell);
            left = replaced.min(left + 1).min(up + 1);
            diagonal = up;
            *cell = left;
        }
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
        assert_eq!(nearest("spike_limit_of_the_load", names), Some("spike"));
        assert_eq!(nearest("INTERVAL", names), Some("interval"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"spike".repeat(20), names), None);
    }
}
