//! `wanctl check --live`: the real binary before a simulated router, over REST behind real TLS and
//! over OpenSSH's own server.

use std::{net::TcpListener, path::PathBuf, process::Command};

use wanctl::{
    control::time::Span,
    os::clock,
    sim::{
        https::{Leaf, Pki},
        routeros::{Canned, Down, ItemSettings, Menu, Mutation, Rights, RouterSettings, User},
    },
};

use crate::{
    binary::{RATES, REFLECTORS},
    capture::both::both_ways,
    running::{
        config::{TREE, globals, section},
        daemon::WANCTL,
        router::{PASSWORD, Router, home},
        scratch::Scratch,
        sshd::{Sshd, SshdThread, me},
    },
};

/// What must be in a line of each way, or stand nowhere.
type Lines = [&'static str];

/// The ways, as lines begin.
const WAYS: [&str; 2] = ["router 'home' over rest: ", "router 'home' over ssh: "];

struct Bed {
    scratch: Scratch,
    router: Router,
    sshd: SshdThread,
}

impl Bed {
    fn new(mut settings: RouterSettings, rights: Rights) -> Self {
        settings.users.push(User { name: me(), password: PASSWORD.to_owned(), rights });
        let (scratch, router) = (Scratch::new(), Router::start(settings));
        let sshd = SshdThread::start(router.shared());
        sshd.ask(|sshd| sshd.log_in_as(&me()));
        Self { scratch, router, sshd }
    }

    /// The same, and this more.
    fn check_with(&self, more: &str) -> String {
        let config = self.configure(&TREE, &[]);
        let text = std::fs::read_to_string(&config).unwrap() + more;
        std::fs::remove_file(&config).unwrap();
        let config = self.scratch.write("wanctl.conf", text.as_bytes());
        let output = Command::new(WANCTL).args(["check", "--live", "-c"]).arg(config).output();
        assert_eq!(self.router.model().writes(), 0);
        String::from_utf8(output.unwrap().stdout).unwrap()
    }

    fn configure(&self, queues: &[(&str, &str)], options: &[(&str, &str)]) -> PathBuf {
        let access = both_ways(&self.router, &self.sshd, &self.scratch);
        let given = |name: &str| options.iter().any(|(option, _)| *option == name);
        let access: Vec<(&str, &str)> = access
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .filter(|(name, _)| !given(name))
            .chain(options.iter().copied().filter(|(_, value)| !value.is_empty()))
            .collect();
        let text = globals(&self.scratch, "info")
            + &section("router", "home", &access)
            + &section("wan", "cable", &[queues, &RATES, &REFLECTORS].concat());
        self.scratch.write("wanctl.conf", text.as_bytes())
    }

    /// Exit code and what is said of the routers; nothing of it is on standard error, nothing shows
    /// the password, and nothing was changed.
    fn check(&self, queues: &[(&str, &str)], options: &[(&str, &str)]) -> (i32, String) {
        let config = self.configure(queues, options);
        let output = Command::new(WANCTL).args(["check", "--live", "-c"]).arg(config).output();
        let output = output.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, complaint) = (text(output.stdout), text(output.stderr));
        assert_eq!(complaint, "", "{out}");
        assert!(!out.contains(PASSWORD), "{out}");
        assert_eq!(self.router.model().writes(), 0);
        (output.status.code().unwrap(), out)
    }
}

/// The same is found over both ways, and it ends like that.
fn finds(bed: &Bed, queues: &[(&str, &str)], exit: i32, wanted: &Lines) {
    let (code, out) = bed.check(queues, &[]);
    for way in WAYS {
        for words in wanted {
            let found = out.lines().any(|line| line.starts_with(way) && line.contains(words));
            assert!(found, "{way}{words}\n{out}");
        }
    }
    assert_eq!(code, exit, "{out}");
}

const SIMPLE: [(&str, &str); 2] = [("queue_kind", "simple"), ("queue", "internet-cake")];
const TYPES: [(&str, &str); 3] =
    [("queue_kind", "type"), ("download_queue", "cake-down"), ("upload_queue", "cake-up")];

#[test]
fn a_router_that_is_set_up_well_is_good_over_both_ways() {
    let bed = Bed::new(home(), Rights::Full);
    let facts = "good: RouterOS 7.23.2 (stable) on RB5009UG+S+; ";
    let rights = "good: the user's group 'writers' may read, write";
    let down = "good: wan 'cable': queue tree entry \"WAN-Download\": max-limit is 900M";
    finds(&bed, &TREE, 0, &[facts, rights, down, "\"WAN-Upload\": max-limit is 90M"]);
    let both = "simple queue \"internet-cake\": max-limit is 900M down, 90M up";
    finds(&bed, &SIMPLE, 0, &[both]);
    let (_, out) = bed.check(&TREE, &[]);
    assert!(out.ends_with("live: 0 errors, 0 warnings, 0 unknown\n"), "{out}");
    assert!(out.contains("the answers of 7.23.1 are known"), "{out}");
}

#[test]
fn without_live_no_router_is_asked() {
    let bed = Bed::new(home(), Rights::Full);
    let config = bed.configure(&TREE, &[]);
    let output = Command::new(WANCTL).args(["check", "-c"]).arg(config).output().unwrap();
    assert!(output.status.success());
    assert_eq!(bed.router.log().requests(), 0);
    assert_eq!(bed.sshd.ask(Sshd::connections), 0);
}

#[test]
fn a_mistake_in_the_configuration_asks_no_router() {
    let bed = Bed::new(home(), Rights::Full);
    let (code, out) = bed.check(&[], &[]);
    assert_eq!(code, 78, "{out}");
    assert_eq!(bed.router.log().requests(), 0);
}

#[test]
fn a_queue_that_is_not_there_or_is_there_twice_is_an_error_that_says_what_is_there() {
    let bed = Bed::new(home(), Rights::Full);
    let other = [("download_queue", "wan-download"), ("upload_queue", "WAN-Upload")];
    let there = "/queue/tree has 'WAN-Download', 'WAN-Upload'";
    finds(
        &bed,
        &other,
        1,
        &["error: wan 'cable'", "the router has no queue tree entry \"wan-download\"", there],
    );
    let other = [("queue_kind", "simple"), ("queue", "other")];
    finds(&bed, &other, 1, &["/queue/simple has 'internet-cake'"]);
    let other = [("queue_kind", "type"), ("download_queue", "cake"), ("upload_queue", "cake-up")];
    finds(&bed, &other, 1, &["/queue/type has 'default-small', 'cake-down', 'cake-up'"]);

    bed.router.model().duplicate(clock::now(), Menu::Tree, "WAN-Upload");
    finds(
        &bed,
        &TREE,
        1,
        &["2 entries, ", "/queue/tree has 'WAN-Download', 'WAN-Upload', 'WAN-Upload'"],
    );
    bed.router.model().remove(Menu::Simple, "internet-cake");
    finds(&bed, &SIMPLE, 1, &["the router has no simple queue", "/queue/simple has none"]);
}

#[test]
fn a_queue_without_cake_is_warned_about() {
    let bed = Bed::new(home(), Rights::Full);
    bed.router.model().edit(Menu::Tree, "WAN-Upload", "queue", "default-small");
    let pfifo = "warning: wan 'cable': queue tree entry \"WAN-Upload\": missing CAKE: its queue type \
                 'default-small' is of the kind pfifo; mend: /queue/type/add name=cake kind=cake; \
                 /queue/tree/set [find name=\"WAN-Upload\"] queue=cake";
    finds(&bed, &TREE, 0, &[pfifo]);
    bed.router.model().edit(Menu::Tree, "WAN-Upload", "queue", "*1");
    finds(&bed, &TREE, 0, &["missing CAKE: its queue type '*1' is gone"]);
    bed.router.model().edit(Menu::Simple, "internet-cake", "queue", "default-small/cake-down");
    finds(&bed, &SIMPLE, 0, &["missing CAKE", "queue=cake/cake"]);
    let other =
        [("queue_kind", "type"), ("download_queue", "default-small"), ("upload_queue", "cake-up")];
    finds(
        &bed,
        &other,
        1,
        &["error: wan 'cable'", "is of the kind pfifo, and only cake has a bandwidth"],
    );
}

#[test]
fn a_bandwidth_that_does_not_shape_is_warned_about() {
    let bed = Bed::new(home(), Rights::Full);
    bed.router.model().edit(Menu::Type, "cake-down", "cake-bandwidth", "500000000");
    let leaf = "its queue type 'cake-down' has cake-bandwidth=500M, which shapes on interface queues \
                alone; mend: /queue/type/set [find name=\"cake-down\"] cake-bandwidth=0";
    finds(&bed, &TREE, 0, &[leaf]);
    finds(&bed, &SIMPLE, 0, &[leaf]);
    let below = "queue type \"cake-down\": its cake-bandwidth does not shape below a queue tree entry: \
                 'WAN-Download'; mend: queue_kind 'tree'";
    let alone = "queue type \"cake-up\": no interface has it as its queue, so it shapes nothing; mend: \
                 /queue/interface/set [find interface=INTERFACE] queue=\"cake-up\"";
    finds(&bed, &TYPES, 0, &[below, "below a simple queue: 'internet-cake'", alone]);
}

#[test]
fn types_that_are_the_queues_of_interfaces_are_good() {
    let mut settings = home();
    settings.items.push(ItemSettings::interface("ether1", "cake-up"));
    settings.items.push(ItemSettings::interface("bridge1", "cake-down"));
    let bed = Bed::new(settings, Rights::Full);
    for name in ["WAN-Download", "WAN-Upload"] {
        bed.router.model().remove(Menu::Tree, name);
    }
    bed.router.model().remove(Menu::Simple, "internet-cake");
    let (code, out) = bed.check(&TYPES, &[]);
    assert!(out.contains("cake-bandwidth is unlimited"), "{out}");
    assert!(out.ends_with("live: 0 errors, 0 warnings, 0 unknown\n"), "{out}");
    assert_eq!(code, 0);
}

#[test]
fn a_queue_that_is_off_or_unusable_is_warned_about() {
    let bed = Bed::new(home(), Rights::Full);
    bed.router.model().edit(Menu::Tree, "WAN-Download", "disabled", "true");
    bed.router.model().edit(Menu::Tree, "WAN-Upload", "parent", "gone");
    bed.router.model().edit(Menu::Simple, "internet-cake", "dynamic", "true");
    let off = "\"WAN-Download\" is switched off and limits nothing; mend: /queue/tree/enable [find \
               name=\"WAN-Download\"]";
    finds(&bed, &TREE, 0, &[off, "\"WAN-Upload\" is invalid"]);
    finds(&bed, &SIMPLE, 0, &["is dynamic: another service made it"]);
}

#[test]
fn an_enabled_fast_track_rule_is_warned_about_and_a_disabled_one_is_not() {
    let mut settings = home();
    settings.items.push(ItemSettings::fast_track("defconf: fasttrack").with("disabled", "true"));
    let bed = Bed::new(settings, Rights::Full);
    let (code, out) = bed.check(&TREE, &[]);
    assert!(code == 0 && !out.contains("FastTrack"), "{out}");
    bed.router.model().edit(Menu::Filter, "defconf: fasttrack", "disabled", "false");
    let mend = "mend: /ip/firewall/filter/disable [find action=fasttrack-connection]";
    finds(&bed, &TREE, 0, &["warning: 1 FastTrack rule(s) on", mend]);
}

#[test]
fn a_user_who_may_not_write_is_an_error_with_the_policies_that_it_takes() {
    let bed = Bed::new(home(), Rights::Read);
    let mend = "mend: /user/group/set [find name=\"readers\"] policy=read,write,api,rest-api,ssh";
    finds(&bed, &TREE, 1, &["error: the user's group 'readers' lacks write", mend]);
}

#[test]
fn what_the_router_does_not_let_the_user_read_is_unknown_and_no_error() {
    let bed = Bed::new(home(), Rights::Full);
    for menu in [Menu::User, Menu::Filter] {
        bed.router.model().hide(menu);
    }
    let fast = "unknown: whether a FastTrack rule is on cannot be told: ";
    let rights = "unknown: whether the user may write cannot be told: ";
    finds(&bed, &TREE, 0, &[fast, rights, "not enough permissions"]);
    bed.router.model().hide(Menu::Type);
    finds(
        &bed,
        &TREE,
        0,
        &["unknown: wan 'cable': queue tree entry \"WAN-Download\": whether it has CAKE"],
    );
    bed.router.model().hide(Menu::Interface);

    let hidden = Bed::new(home(), Rights::Full);
    hidden.router.model().hide(Menu::Group);
    finds(&hidden, &TREE, 0, &[rights]);
    hidden.router.model().hide(Menu::Interface);
    finds(&hidden, &TYPES, 0, &["whether an interface has it cannot be told"]);
    hidden.router.model().hide(Menu::Tree);
    finds(&hidden, &TYPES, 0, &["what uses it cannot be told"]);
    finds(&hidden, &TREE, 1, &["error: wan 'cable'"]);
}

#[test]
fn a_user_of_another_list_has_unknown_rights() {
    let bed = Bed::new(home(), Rights::Full);
    bed.router.model().remove(Menu::User, &me());
    finds(&bed, &TREE, 0, &["the router's list of users does not have it"]);
}

#[test]
fn old_releases_are_told_what_they_lack() {
    let of = |version: &str, options: &[(&str, &str)]| {
        let bed = Bed::new(RouterSettings { version: version.to_owned(), ..home() }, Rights::Full);
        bed.check(&TREE, options)
    };
    let (code, out) = of("7.6 (stable)", &[]);
    assert_eq!(code, 1, "{out}");
    for words in
        ["older than 7.7: its SSH lacks curve25519", "CVE-2023-41570", "ssh_key must be an RSA key"]
    {
        assert!(out.contains(words), "{words}: {out}");
    }
    assert!(!out.contains("http://"), "{out}");
    let (code, out) = of("7.11.2 (stable)", &[]);
    assert!(code == 0 && out.contains("CVE-2023-41570") && !out.contains("curve25519"), "{out}");
    let (code, out) = of("7.12 (stable)", &[]);
    assert!(code == 0 && !out.contains("older than"), "{out}");
    let (_, out) = of("seven", &[]);
    assert!(out.contains("unknown: the version 'seven' is of no known form"), "{out}");
}

#[test]
fn an_old_release_has_no_rest_without_tls() {
    let mut settings = home();
    settings.users.push(User { name: me(), password: PASSWORD.to_owned(), rights: Rights::Full });
    settings.version = "7.8 (stable)".to_owned();
    let bed = Bed::new(settings, Rights::Full);
    // REST does not answer there; the version is read over SSH.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let (code, out) = bed.check(&TREE, &[("url", &url), ("tls_ca", "")]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("older than 7.9: it has no REST over http://"), "{out}");
    assert!(out.contains("over rest: error: ") && out.contains("(refused)"), "{out}");
}

#[test]
fn answers_that_differ_from_the_known_ones_are_warned_about() {
    let bed = Bed::new(home(), Rights::Full);
    bed.router.model().mutate(Some(Mutation::Extra));
    finds(&bed, &TREE, 0, &["warning: wan", "differ"]);
    bed.router.model().mutate(Some(Mutation::Missing("max-limit")));
    finds(&bed, &TREE, 1, &["max-limit is missing"]);
}

#[test]
fn a_dead_transport_ends_with_its_kind_and_its_remedy_and_the_other_is_looked_at() {
    let bed = Bed::new(home(), Rights::Full);
    bed.router.change_tls(Pki::new(Leaf::Signed).unwrap().tls());
    let (code, out) = bed.check(&TREE, &[]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("over rest: error: REST: reading the version failed (tls)"), "{out}");
    assert!(out.contains("/certificate export-certificate"), "{out}");
    assert!(out.contains("over ssh: good: the user's group"), "{out}");

    let bed = Bed::new(home(), Rights::Full);
    let key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let (code, out) = bed.check(&TREE, &[("ssh_host_key", key)]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("over ssh: error: SSH: reading the version failed (host-key)"), "{out}");
    assert!(
        out.contains("ssh-keyscan") && out.contains("over rest: good: the user's group"),
        "{out}"
    );

    let (code, out) = bed.check(&TREE, &[("username", "nobody-here")]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("over rest: error: REST: reading the version failed (auth): HTTP 401"),
        "{out}"
    );
    assert!(out.contains("over ssh: error: SSH: reading the version failed (auth)"), "{out}");
}

#[test]
fn a_router_that_takes_the_connection_and_says_nothing_is_left_at_the_deadline_of_the_login() {
    let bed = Bed::new(home(), Rights::Full);
    // Connections wait in its queue for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = format!("https://127.0.0.1:{port}");
    let port = port.to_string();
    let begin = clock::now();
    let dead =
        [("url", url.as_str()), ("ssh_port", &port), ("rest_timeout", "1s"), ("ssh_timeout", "1s")];
    let (code, out) = bed.check(&TREE, &dead);
    assert_eq!(code, 1, "{out}");
    assert_eq!(out.matches("failed (timeout)").count(), 2, "{out}");
    assert!(clock::now().since(begin) < Span::from_secs(20), "{out}");
}

#[test]
fn a_slow_router_gets_its_time_and_no_request_is_given_up() {
    let mut settings = home();
    settings.latency = wanctl::sim::schedule::Schedule::constant(Span::from_millis(1500));
    let bed = Bed::new(settings, Rights::Full);
    let (code, out) = bed.check(&TREE, &[("rest_timeout", "1s"), ("fallback", "none")]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("live: 0 errors"), "{out}");
}

#[test]
fn nonsense_is_an_error_on_one_line() {
    let bed = Bed::new(home(), Rights::Full);
    let body = "<html>\u{1b}[2Jhotspot</html>".to_owned();
    bed.router.model().answer_with(Some(Canned { status: 200, content_type: "text/html", body }));
    finds(&bed, &TREE, 1, &["error: "]);
    let (_, out) = bed.check(&TREE, &[]);
    assert!(!out.contains('\u{1b}'), "{out}");
    bed.router.model().answer_with(None);
    bed.router.force(Some(Down::Refuse));
    let (code, out) = bed.check(&TREE, &[("fallback", "none")]);
    assert!(code == 1 && out.contains("over rest: error: "), "{out}");
}

#[test]
fn the_rule_of_each_steering_is_looked_for_over_both_ways() {
    const RULE: &str = "calls: other line";
    let mut settings = home();
    settings.items.push(ItemSettings::mangle("calls: other line 2"));
    let bed = Bed::new(settings, Rights::Full);
    let more = section("wan", "dsl", &[&SIMPLE[..], &RATES, &REFLECTORS].concat())
        + &section(
            "steering",
            "calls",
            &[("enabled", "1"), ("primary", "cable"), ("alternate", "dsl"), ("comment", RULE)],
        );
    let about = "steering 'calls': the mangle rule 'calls: other line'";
    let finds = |words: &str| {
        let out = bed.check_with(&more);
        for way in WAYS {
            let line = format!("{way}{words}");
            assert!(out.contains(&line), "{line}\n{out}");
        }
    };
    finds(&format!("error: {about} is not there"));
    bed.router.model().add(clock::now(), &ItemSettings::mangle(RULE));
    finds(&format!("good: {about} is there, and on"));
    bed.router.model().edit(Menu::Mangle, RULE, "disabled", "true");
    finds(&format!("good: {about} is there, and off"));
    bed.router.model().duplicate(clock::now(), Menu::Mangle, RULE);
    finds(&format!("error: {about} is there several times"));
}
