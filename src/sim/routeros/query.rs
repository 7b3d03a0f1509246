//! Which records a request asks for, and which of their fields.
//! Promises: filters of a URL are exact and all must hold; query words are those of the RouterOS
//! API. Knows nothing of where records come from.

use super::record::Record;

/// The key that selects fields.
const PROPERTIES: &str = ".proplist";

/// The fields that a URL asks for; with `.id`, which a list always carries.
pub(super) fn list_properties(query: &[(String, String)]) -> Option<Vec<String>> {
    let mut keys = record_properties(query)?;
    keys.push(".id".to_owned());
    Some(keys)
}

/// The fields that a URL asks for.
pub(super) fn record_properties(query: &[(String, String)]) -> Option<Vec<String>> {
    let (_, keys) = query.iter().find(|(key, _)| key == PROPERTIES)?;
    Some(split(keys))
}

/// The words of a list that is separated by commas.
pub(super) fn split(words: &str) -> Vec<String> {
    words.split(',').map(|word| word.trim().to_owned()).collect()
}

/// Whether a record passes all filters of a URL.
pub(super) fn passes(record: &Record, query: &[(String, String)]) -> bool {
    let mut filters = query.iter().filter(|(key, _)| key != PROPERTIES);
    filters.all(|(key, value)| record.value(key) == Some(value.as_str()))
}

/// Whether a record passes the query words of a `print`: each word is a test or combines the
/// results of earlier ones; in the end all must be true.
pub(super) fn matches(record: &Record, words: &[String]) -> bool {
    let mut results: Vec<bool> = Vec::new();
    for word in words {
        let Some(operators) = word.strip_prefix('#') else {
            results.push(test(record, word));
            continue;
        };
        for operator in operators.chars() {
            combine(&mut results, operator);
        }
    }
    results.into_iter().all(|result| result)
}

fn combine(results: &mut Vec<bool>, operator: char) {
    let last = results.pop().unwrap_or(false);
    let result = match operator {
        '!' => !last,
        '&' => results.pop().unwrap_or(true) && last,
        '|' => results.pop().unwrap_or(false) || last,
        _ => last,
    };
    results.push(result);
}

fn test(record: &Record, word: &str) -> bool {
    if let Some(absent) = word.strip_prefix('-') {
        return record.value(absent).is_none();
    }
    let (relation, rest) = match word.strip_prefix('<') {
        Some(rest) => (Relation::Less, rest),
        None => {
            word.strip_prefix('>').map_or((Relation::Equal, word), |rest| (Relation::More, rest))
        }
    };
    let Some((key, wanted)) = rest.split_once('=') else {
        return record.value(rest).is_some();
    };
    let Some(value) = record.value(key) else { return false };
    let numbers = || Some((value.parse::<i64>().ok()?, wanted.parse::<i64>().ok()?));
    match relation {
        Relation::Equal => value == wanted,
        Relation::Less => numbers().is_some_and(|(value, wanted)| value < wanted),
        Relation::More => numbers().is_some_and(|(value, wanted)| value > wanted),
    }
}

#[derive(Clone, Copy)]
enum Relation {
    Equal,
    Less,
    More,
}

#[cfg(test)]
mod tests {
    use super::{list_properties, matches, passes};
    use crate::sim::routeros::record::Record;

    fn record() -> Record {
        Record::new(vec![("name", "WAN".to_owned()), ("priority", "8".to_owned())])
    }

    #[test]
    fn filters_of_a_url_must_all_hold_exactly() {
        let filter = |pairs: &[(&str, &str)]| {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            pairs.iter().map(owned).collect::<Vec<_>>()
        };
        assert!(passes(&record(), &filter(&[])));
        assert!(passes(&record(), &filter(&[("name", "WAN"), (".proplist", "x")])));
        assert!(!passes(&record(), &filter(&[("name", "wan")])));
        assert!(!passes(&record(), &filter(&[("name", "WAN"), ("comment", "")])));
        let asked = filter(&[(".proplist", "name,rate")]);
        assert_eq!(list_properties(&asked).unwrap(), ["name", "rate", ".id"]);
        assert_eq!(list_properties(&[]), None);
    }

    #[test]
    fn query_words_test_and_combine() {
        let cases: [(&[&str], bool); 10] = [
            (&[], true),
            (&["name=WAN"], true),
            (&["name=LAN"], false),
            (&["name"], true),
            (&["-comment"], true),
            (&[">priority=7"], true),
            (&["<priority=8"], false),
            (&["name=LAN", "priority=8", "#|"], true),
            (&["name=LAN", "priority=8", "#&"], false),
            (&["name=LAN", "#!"], true),
        ];
        for (words, expected) in cases {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(matches(&record(), &words), expected, "{words:?}");
        }
    }
}
