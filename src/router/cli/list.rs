//! The output of a command that prints a list.
//! Promises: nothing is a list but records, or the silence that the console has for none.
//! Knows nothing of what the records mean.

use super::{
    command::{POLICY, mark},
    output::missing,
    records::{Record, records},
    table::{marked, silence},
};
use crate::router::{
    error::{Doing, RouterError},
    listing::{Told, listed},
    op::{Listed, Listing},
};

pub(super) fn list(
    output: &str,
    listing: Listing<'_>,
    doing: Doing,
) -> Result<Listed, RouterError> {
    let found = records(output);
    let exact = marked(output, &mark(POLICY));
    if found.is_empty() {
        silence(output, doing)?;
    }
    let mut told: Vec<Told> = found.into_iter().map(plain).collect();
    if let Listing::Group(_) = listing {
        if told.len() != exact.len() {
            return Err(missing("the exact policy", doing));
        }
        for (told, exact) in told.iter_mut().zip(exact) {
            told.fields.retain(|(key, _)| key != POLICY);
            told.fields.push((POLICY.to_owned(), exact.to_owned()));
        }
    }
    listed(listing, &told).map_err(|key| missing(key, doing))
}

fn plain(record: Record) -> Told {
    Told { disabled: record.has("disabled"), fields: record.into_fields() }
}

#[cfg(test)]
mod tests {
    use super::list;
    use crate::{
        control::failure::FailureKind,
        router::{
            error::Doing,
            op::{Listed, Listing, Policies, QueueKind, RuleState},
        },
    };

    fn of(listing: Listing<'_>, output: &str) -> Result<Listed, FailureKind> {
        list(output, listing, Doing::ReadingList).map_err(|error| error.kind)
    }

    #[test]
    fn policies_that_the_console_breaks_over_lines_are_read_whole() {
        let output = "0   name=\"g\" policy=local,read,write,winbox,\r\n                sniff,!ftp\r\n     \
                      skin=default\r\n\r\nexact policy: local;read;write;winbox;sniff;!ftp\r\n";
        let Ok(Listed::Groups(groups)) = of(Listing::Group("g"), output) else { panic!() };
        let [Policies(words)] = groups.as_slice() else { panic!("{groups:?}") };
        assert_eq!(words.len(), 6);
        assert_eq!(
            of(Listing::Group("g"), "0   name=\"g\" policy=read\r\n"),
            Err(FailureKind::Garbage)
        );
    }

    #[test]
    fn silence_is_an_empty_list_and_other_words_are_none() {
        let rules = Listing::FastTrack;
        assert_eq!(of(rules, ""), Ok(Listed::Rules(vec![])));
        assert_eq!(
            of(rules, "Flags: X - disabled, I - invalid, D - dynamic \r\n"),
            Ok(Listed::Rules(vec![]))
        );
        let output = "Flags: X - DISABLED\r\n0  X ;;; fast\r\n     chain=forward action=fasttrack-connection\r\n";
        assert_eq!(of(rules, output), Ok(Listed::Rules(vec![RuleState::Disabled])));
        let queues = Listing::Queues(QueueKind::Tree);
        assert_eq!(of(queues, "welcome\r\n"), Err(FailureKind::Garbage));
        let said = list("\r\nwelcome\r\n", queues, Doing::ReadingList).unwrap_err().to_string();
        assert!(said.ends_with("not one of the RouterOS console: \"welcome\""), "{said}");
    }
}
