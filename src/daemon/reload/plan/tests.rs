//! Which WANs and routers go on, by configurations as people write them.

use super::Plan;
use crate::{
    config::{self, Config, TextOnly},
    control::{
        change::{KeptItems, KeptSteering, KeptWays, Leaving, NextRouter},
        id::SteeringId,
        wan::{RouterId, WanId},
    },
};

fn router(name: &str, url: &str, password: &str) -> String {
    format!(
        "config router '{name}'\n\toption url '{url}'\n\toption username 'u'\n\
         \toption password '{password}'\n"
    )
}

fn wan(name: &str, router: &str, queue: &str, reflectors: &[&str]) -> String {
    let reflector = |address: &&str| format!("\tlist reflector '{address}'\n");
    let reflectors = reflectors.iter().map(reflector).collect::<Vec<_>>().concat();
    format!(
        "config wan '{name}'\n\toption router '{router}'\n\toption queue_kind 'simple'\n\
         \toption queue '{queue}'\n\toption download_ceiling '500M'\n\
         \toption download_floor '100M'\n\toption upload_ceiling '50M'\n\
         \toption upload_floor '10M'\n{reflectors}"
    )
}

fn read(sections: &[String]) -> Config {
    let text = sections.concat();
    config::parse(text.as_bytes(), &TextOnly)
        .unwrap_or_else(|findings| panic!("{findings:?}"))
        .config
}

fn plan(old: &[String], new: &[String]) -> Plan {
    Plan::of(&read(old), &[], &read(new))
}

fn home() -> String {
    router("home", "https://10.0.0.1", "a")
}

fn cable() -> String {
    wan("cable", "home", "q", &["9.9.9.9", "1.1.1.1"])
}

const ID: RouterId = RouterId(0);
/// Another access by transports of the same kinds.
const SAME: NextRouter = NextRouter::After(ID, KeptWays::Same);
const OTHERS: NextRouter = NextRouter::After(ID, KeptWays::Others);

#[test]
fn a_router_goes_on_by_name_and_access_and_is_otherwise_known_by_its_address() {
    let cases = [
        (home(), NextRouter::Kept(ID), KeptItems::Same),
        (router("home", "https://10.0.0.1", "b"), SAME, KeptItems::Doubted),
        (router("home", "http://10.0.0.1", "a"), SAME, KeptItems::Doubted),
        (router("main", "https://10.0.0.1", "a"), SAME, KeptItems::Doubted),
        (router("home", "https://10.0.0.2", "a"), NextRouter::New, KeptItems::Others),
        (router("main", "https://10.0.0.1:444", "a"), NextRouter::New, KeptItems::Others),
    ];
    for (router, expected, queues) in cases {
        let name = if router.contains("'main'") { "main" } else { "home" };
        let wan = wan("cable", name, "q", &["9.9.9.9", "1.1.1.1"]);
        let plan = plan(&[home(), cable()], &[router.clone(), wan]);
        assert_eq!(plan.routers, [expected], "{router}");
        assert_eq!(plan.wans[0].from.as_ref().unwrap().queues, queues, "{router}");
    }
}

/// The router over SSH too, with these options.
fn over_ssh(url: &str, more: &str) -> String {
    let key = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
    router("home", url, "a") + &format!("\toption ssh_host_key '{key}'\n{more}")
}

#[test]
fn another_second_transport_is_another_access_to_the_same_router() {
    const URL: &str = "https://10.0.0.1";
    let old = [over_ssh(URL, ""), cable()];
    for (router, expected) in [
        (over_ssh(URL, ""), NextRouter::Kept(ID)),
        (over_ssh(URL, "\toption ssh_timeout '6s'\n"), SAME),
        (over_ssh(URL, "\toption ssh_port '2222'\n"), SAME),
        (over_ssh(URL, "\toption transport 'ssh'\n"), OTHERS),
        (over_ssh(URL, "\toption fallback 'none'\n"), OTHERS),
        (home(), OTHERS),
        // One of the ways leads to the same.
        (over_ssh("https://10.0.0.9", "\toption ssh_host '10.0.0.1'\n"), SAME),
        (over_ssh("https://10.0.0.9", ""), NextRouter::New),
    ] {
        assert_eq!(plan(&old, &[router.clone(), cable()]).routers, [expected], "{router}");
    }
}

#[test]
fn a_wan_goes_on_by_name_wherever_it_stands() {
    let lte = wan("lte", "home", "r", &["9.9.9.9"]);
    let both = plan(&[home(), cable()], &[home(), lte.clone(), cable()]);
    assert_eq!(both.wans[0].from, None);
    assert_eq!(both.wans[1].from.as_ref().unwrap().wan, WanId(0));
    assert_eq!(both.wires, [None, Some(0)]);
    assert_eq!(both.news, "wan lte is new");
    let one = plan(&[home(), lte, cable()], &[home(), cable()]);
    assert_eq!(one.wans[0].from.as_ref().unwrap().wan, WanId(1));
    assert_eq!(one.news, "wan lte is gone (its limits stay as they are)");
}

#[test]
fn another_queue_is_another_one_and_so_is_the_same_name_on_another_router() {
    let queues = |plan: Plan| plan.wans[0].from.as_ref().unwrap().queues;
    let other = wan("cable", "home", "r", &["9.9.9.9", "1.1.1.1"]);
    assert_eq!(queues(plan(&[home(), cable()], &[home(), other])), KeptItems::Others);
    let guest = router("guest", "https://10.0.0.2", "a");
    let moved = wan("cable", "guest", "q", &["9.9.9.9", "1.1.1.1"]);
    let old = [home(), guest.clone(), cable()];
    let plan = plan(&old, &[home(), guest, moved]);
    assert_eq!(plan.routers, [NextRouter::Kept(ID), NextRouter::Kept(RouterId(1))]);
    assert_eq!(plan.news, "wan cable changed");
    assert_eq!(queues(plan), KeptItems::Others);
}

#[test]
fn the_order_of_routers_means_nothing_to_a_wan() {
    let guest = router("guest", "https://10.0.0.2", "a");
    let lte = wan("lte", "guest", "q", &["9.9.9.9"]);
    let plan = plan(&[home(), guest.clone(), cable(), lte.clone()], &[guest, home(), cable(), lte]);
    assert_eq!(plan.routers, [NextRouter::Kept(RouterId(1)), NextRouter::Kept(ID)]);
    assert_eq!(plan.news, "another order of the sections");
    for next in &plan.wans {
        assert_eq!(next.from.as_ref().unwrap().queues, KeptItems::Same);
    }
}

#[test]
fn reflectors_keep_what_is_known_of_them_only_by_the_same_way() {
    let places = |plan: &Plan| plan.wans[0].from.as_ref().unwrap().reflectors.to_vec();
    let swapped = wan("cable", "home", "q", &["8.8.8.8", "9.9.9.9"]);
    let swapped = plan(&[home(), cable()], &[home(), swapped]);
    assert_eq!(places(&swapped), [None, Some(0)]);
    assert_eq!(swapped.wires, [None]);
    let elsewhere = cable() + "\toption interface 'eth1'\n";
    let elsewhere = plan(&[home(), cable()], &[home(), elsewhere]);
    assert_eq!(places(&elsewhere), [None, None]);
    let same = cable().replace("'100M'", "'90M'");
    let same = plan(&[home(), cable()], &[home(), same]);
    assert_eq!((places(&same), same.wires), (vec![Some(0), Some(1)], vec![Some(0)]));
}

fn calls(comment: &str, more: &str) -> String {
    format!(
        "config steering 'calls'\n\toption enabled '1'\n\toption primary 'cable'\n\
         \toption alternate 'lte'\n\toption comment '{comment}'\n{more}"
    )
}

const DISABLE: &str = "\toption on_exit 'disable'\n";

#[test]
fn a_rule_that_no_section_goes_on_with_is_switched_off_where_that_is_set() {
    let lte = wan("lte", "home", "r", &["9.9.9.9"]);
    let with = |router: String, steering: String| [router, cable(), lte.clone(), steering];
    let old = with(home(), calls("calls", DISABLE));
    let leaving = |rule| {
        let from = KeptSteering { steering: SteeringId(0), rule };
        Leaving { from, router: ID }
    };
    let gone = |new: &[String]| {
        let plan = plan(&old, new);
        let leaving: Vec<Leaving> = plan.leaving.iter().map(|(leaving, _)| *leaving).collect();
        (leaving, plan.news)
    };
    let without = |router| with(router, String::new());
    let words = "steering calls is gone (its rule is switched off)";
    assert_eq!(gone(&without(home())), (vec![leaving(KeptItems::Same)], words.into()));
    let (doubted, _) = gone(&without(router("home", "https://10.0.0.1", "b")));
    assert_eq!(doubted, [leaving(KeptItems::Doubted)], "by another access");
    let (nobody, news) = gone(&without(router("home", "https://10.0.0.2", "a")));
    assert_eq!(nobody, [], "nobody reaches the old router");
    assert!(news.ends_with("steering calls is gone (its rule stays as it is)"), "{news}");
    let renamed =
        calls("calls", DISABLE).replace("'calls'\n\toption enabled", "'other'\n\toption enabled");
    let (nobody, news) = gone(&with(home(), renamed));
    assert_eq!(
        (nobody, news.as_str()),
        (
            vec![],
            "steering other is new; steering calls is gone (another section goes on with its rule)"
        )
    );
    let (other_rule, news) = gone(&with(home(), calls("voip", DISABLE)));
    assert_eq!(
        (other_rule, news.as_str()),
        (vec![leaving(KeptItems::Same)], "steering calls changed")
    );
    let (same_rule, _) = gone(&with(home(), calls("calls", "")));
    assert_eq!(same_rule, []);
    for kept in ["", "\toption on_exit 'disable'\n\toption dry_run '1'\n"] {
        let plan = plan(&with(home(), calls("calls", kept)), &without(home()));
        assert!(plan.leaving.is_empty(), "{kept}");
        assert_eq!(plan.news, "steering calls is gone (its rule stays as it is)");
    }
}

#[test]
fn a_rule_that_is_not_yet_switched_off_is_so_after_another_reload_unless_a_section_takes_it() {
    let lte = wan("lte", "home", "r", &["9.9.9.9"]);
    let old = read(&[home(), cable(), lte.clone(), calls("calls", DISABLE)]);
    let without = read(&[home(), cable(), lte]);
    let first = Plan::of(&old, &[], &without);
    let (_, section) = first.leaving[0].clone();
    let left = [(SteeringId(0), section)];
    let again = Plan::of(&without, &left, &without);
    assert_eq!(again.leaving[0].0.from.steering, SteeringId(0));
    assert!(Plan::of(&without, &left, &old).leaving.is_empty());
}
