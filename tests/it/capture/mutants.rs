//! A router that answers in another way than is known, over REST.

use wanctl::sim::routeros::Mutation;

use super::{Bed, said};
use crate::running::{
    router::{Router, home},
    rows::side_by_side,
};

/// Exit statuses.
const NONE: i32 = 0;
const ADDITIVE: i32 = 3;
const BREAKING: i32 = 4;

/// The mutation, the verdict on it, and what is said.
const MUTANTS: [(Mutation, i32, &str); 19] = [
    (Mutation::Renamed("max-limit"), BREAKING, "the key max-limit is missing"),
    (Mutation::Renamed("version"), BREAKING, "the key version is missing"),
    (Mutation::Missing(".id"), BREAKING, "the key .id is missing"),
    (Mutation::Missing("max-limit"), BREAKING, "the key max-limit is missing"),
    (Mutation::Extra, ADDITIVE, "the key new-key is new"),
    (Mutation::Unquoted("max-limit"), BREAKING, "is a number without quotes"),
    (Mutation::Unquoted("bytes"), BREAKING, "the key bytes is a number without quotes"),
    (Mutation::OtherUnit("max-limit"), BREAKING, "is a rate such as 5Mbps"),
    (Mutation::OtherUnit("uptime"), BREAKING, "the key uptime is text, known is a time"),
    (Mutation::OtherFlags, BREAKING, "is yes or no, known is true or false"),
    (Mutation::OtherForm, BREAKING, "a list and a single record are mixed up"),
    (Mutation::OtherStatus, BREAKING, "the status is 503, known is 400"),
    (Mutation::OtherNumber, BREAKING, "the number of the error is not the status"),
    (Mutation::QuotedNumber, BREAKING, "known is a number without quotes"),
    (Mutation::NoMessage, BREAKING, "the key message is missing"),
    // The order of keys differs between captured routers already.
    (Mutation::OtherOrder, NONE, "drift: none"),
    // Some boards do not tell it.
    (Mutation::Missing("cpu-frequency"), NONE, "drift: none"),
    // Of the console alone.
    (Mutation::NoLegend, NONE, "drift: none"),
    (Mutation::UnixLines, NONE, "drift: none"),
];

#[test]
fn each_mutant_gets_its_verdict_from_the_router_and_from_its_recording() {
    side_by_side(&MUTANTS, 6, |(mutation, verdict, told)| {
        let bed = Bed::new(Router::start(home()));
        bed.router.model().mutate(Some(*mutation));
        bed.recorded(&[]);
        let (code, out, complaint) = said(bed.command(&["--diff"]).arg(bed.dir()));
        assert_eq!((code, complaint.as_str()), (Some(*verdict), ""), "{mutation:?}: {out}");
        assert!(out.contains(told), "{mutation:?}: {told}: {out}");
        let (code, live, _) = said(&mut bed.command(&["--diff"]));
        assert_eq!(code, Some(*verdict), "{mutation:?}: {live}");
        assert!(live.ends_with(&out), "{mutation:?}: {live} {out}");
        bed.only_read();
        format!("{mutation:?}: {verdict}")
    });
}
