//! Names as they come: in targets percent-encoded, in answers escaped.

use wanctl::control::failure::FailureKind;

use super::{
    server::Act,
    talk::{kind, read_tree, set_tree, talk, tree_limit, tree_list, tree_record, tree_reply},
};

#[test]
fn names_with_anything_in_them_reach_the_router_and_come_back() {
    let tail = "&.proplist=.id,name,max-limit,disabled,invalid,dynamic";
    for (name, encoded, escaped) in [
        ("WAN download", "WAN%20download", "WAN download"),
        ("Büro↓", "B%C3%BCro%E2%86%93", r"B\u00fcro\u2193"),
        ("100%", "100%25", "100%"),
        ("up&down", "up%26down", "up&down"),
        ("up/down", "up%2Fdown", r"up\/down"),
        ("a+b=c?d#e", "a%2Bb%3Dc%3Fd%23e", "a+b=c?d#e"),
        ("..", "..", ".."),
        ("*1", "*1", "*1"),
        ("[x]", "%5Bx%5D", "[x]"),
    ] {
        let list = Act::json(200, &tree_list(escaped, "*1", 7));
        let record = Act::json(200, &tree_record(escaped, "*1", 8));
        talk(vec![list, record], async |client, server| {
            assert_eq!(client.perform(&read_tree(name)).await, Ok(tree_reply(7)));
            assert_eq!(client.perform(&set_tree(name, 8)).await, Ok(tree_limit(8)));
            let targets: Vec<_> = server.seen().into_iter().map(|seen| seen.target).collect();
            let find = format!("/rest/queue/tree?name={encoded}{tail}");
            assert_eq!(targets, [find.as_str(), "/rest/queue/tree/*1"]);
        });
    }
}

#[test]
fn a_router_that_ignores_the_filter_is_filtered_here() {
    let all = format!("[{},{}]", tree_record("a", "*1", 1), tree_record("b", "*2", 2));
    talk(vec![Act::json(200, &all), Act::json(200, &all)], async |client, _| {
        assert_eq!(client.perform(&read_tree("b")).await, Ok(tree_reply(2)));
        assert_eq!(kind(client.perform(&read_tree("c")).await), FailureKind::NotFound);
    });
}
