//! Output of the form `key: value`, as `/system/resource/print` has it.
//! Promises: the first value of a key counts.
//! Knows nothing of which keys there are.

use super::lines::lines;

/// The value of `key`; `None` if there is none.
pub(super) fn value<'a>(output: &'a str, key: &str) -> Option<&'a str> {
    pairs(output).find_map(|(own, value)| (own == key).then_some(value))
}

/// All keys with their values, in their order.
pub(super) fn pairs(output: &str) -> impl Iterator<Item = (&str, &str)> {
    lines(output).filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        Some((key.trim(), value.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn keys_are_whole_words_and_values_may_hold_colons() {
        let output = "  minimum-version: 7.11   \r\n  version: 7.24 (stable)  \r\n time: 1:2:3\r\n";
        assert_eq!(value(output, "version"), Some("7.24 (stable)"));
        assert_eq!(value(output, "time"), Some("1:2:3"));
        assert_eq!(value(output, "uptime"), None);
    }
}
