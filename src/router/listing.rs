//! The records of a list as typed values, and where lists are.
//! Promises: the same for both languages; a record without the keys that its menu has makes the
//! whole list unusable.
//! Knows nothing of how records are written.

use super::{
    op::{Listed, ListedQueue, ListedType, Listing, Policies, QueueKind, RuleState},
    value::rate,
};
use crate::control::units::Rate;

/// What a rule does that leads traffic past queues.
pub(super) const FAST_TRACK: &str = "fasttrack-connection";

impl Listing<'_> {
    /// The menu on the console; below `/rest` over REST.
    pub(super) const fn menu(self) -> &'static str {
        match self {
            Self::Queues(kind) => kind.menu(),
            Self::Interfaces => "/queue/interface",
            Self::FastTrack => "/ip/firewall/filter",
            Self::User(_) => "/user",
            Self::Group(_) => "/user/group",
        }
    }

    /// What its records must tell; the first one is always there.
    pub(super) const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Queues(QueueKind::Tree | QueueKind::Simple) => &["name", "queue"],
            Self::Queues(QueueKind::Type) => &["name", "kind", "cake-bandwidth"],
            Self::Interfaces => &["interface", "queue"],
            Self::FastTrack => &["action", "disabled"],
            Self::User(_) => &["name", "group"],
            Self::Group(_) => &["name", "policy"],
        }
    }

    /// The key and value of the records that are meant; `None`: all.
    pub(super) const fn condition(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Queues(_) | Self::Interfaces => None,
            Self::FastTrack => Some(("action", FAST_TRACK)),
            Self::User(name) | Self::Group(name) => Some(("name", name)),
        }
    }
}

/// A record as told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) fields: Vec<(String, String)>,
    /// Whether the flag is set that all menus share.
    pub(super) disabled: bool,
}

impl Told {
    fn value(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    fn text(&self, key: &str) -> String {
        self.value(key).unwrap_or_default().to_owned()
    }
}

/// The list of these records; the error is a key that one of them lacks. The router's own filter is
/// not relied on.
pub(super) fn listed(listing: Listing<'_>, records: &[Told]) -> Result<Listed, &'static str> {
    if let Some(key) = listing.keys().first()
        && records.iter().any(|record| record.value(key).is_none())
    {
        return Err(key);
    }
    let meant = |record: &&Told| match listing.condition() {
        Some((key, wanted)) => record.value(key) == Some(wanted),
        None => true,
    };
    let records = records.iter().filter(meant);
    Ok(match listing {
        Listing::Queues(QueueKind::Type) => Listed::Types(records.map(queue_type).collect()),
        Listing::Queues(kind) => Listed::Queues(records.map(|told| queue(told, kind)).collect()),
        Listing::Interfaces => Listed::Interfaces(records.map(|told| told.text("queue")).collect()),
        Listing::FastTrack => Listed::Rules(records.map(rule).collect()),
        Listing::User(_) => Listed::Users(records.map(|told| told.text("group")).collect()),
        Listing::Group(_) => Listed::Groups(records.map(policies).collect()),
    })
}

fn queue(told: &Told, kind: QueueKind) -> ListedQueue {
    let types = told.value("queue").unwrap_or_default();
    let types = match kind {
        QueueKind::Simple => types.split('/').map(str::to_owned).collect(),
        QueueKind::Tree | QueueKind::Type if types.is_empty() => Vec::new(),
        QueueKind::Tree | QueueKind::Type => vec![types.to_owned()],
    };
    ListedQueue { name: told.text("name"), types }
}

fn queue_type(told: &Told) -> ListedType {
    let bandwidth = told.value("cake-bandwidth").and_then(rate).and_then(Rate::from_bps);
    ListedType { name: told.text("name"), kind: told.text("kind"), bandwidth }
}

const fn rule(told: &Told) -> RuleState {
    if told.disabled { RuleState::Disabled } else { RuleState::Enabled }
}

/// REST separates with commas, the console's arrays with semicolons.
fn policies(told: &Told) -> Policies {
    let words = told.value("policy").unwrap_or_default().split([',', ';']);
    Policies(words.map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::{Listed, Listing, Policies, QueueKind, RuleState, Told, listed};

    fn told(fields: &[(&str, &str)]) -> Told {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Told { fields: fields.iter().map(owned).collect(), disabled: false }
    }

    #[test]
    fn what_the_router_adds_or_leaves_out_is_seen() {
        let rules = [
            told(&[("action", "fasttrack-connection")]),
            told(&[("action", "accept")]),
            Told { disabled: true, ..told(&[("action", "fasttrack-connection")]) },
        ];
        let expected = vec![RuleState::Enabled, RuleState::Disabled];
        assert_eq!(listed(Listing::FastTrack, &rules), Ok(Listed::Rules(expected)));
        let nameless = [told(&[("kind", "cake")])];
        assert_eq!(listed(Listing::Queues(QueueKind::Type), &nameless), Err("name"));
        let other = [told(&[("name", "Wanctl"), ("group", "full")])];
        assert_eq!(listed(Listing::User("wanctl"), &other), Ok(Listed::Users(vec![])));
    }

    #[test]
    fn policies_are_words_in_either_language_and_denied_ones_are_not_granted() {
        for list in ["read, write,!ftp", "read;write;!ftp"] {
            let group = [told(&[("name", "g"), ("policy", list)])];
            let Ok(Listed::Groups(groups)) = listed(Listing::Group("g"), &group) else { panic!() };
            let [policies] = groups.as_slice() else { panic!("{groups:?}") };
            let Policies(words) = policies;
            assert_eq!(words.len(), 3);
            assert!(policies.grant("write") && !policies.grant("ftp") && !policies.grant("api"));
        }
    }

    #[test]
    fn a_simple_queue_has_two_types_and_an_entry_of_the_tree_one() {
        let types = |kind, list| {
            let queue = [told(&[("name", "q"), ("queue", list)])];
            let Ok(Listed::Queues(queues)) = listed(Listing::Queues(kind), &queue) else {
                panic!()
            };
            queues[0].types.clone()
        };
        assert_eq!(types(QueueKind::Simple, "up/down"), ["up", "down"]);
        assert_eq!(types(QueueKind::Tree, "a/b"), ["a/b"]);
    }
}
