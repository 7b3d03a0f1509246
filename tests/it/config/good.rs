//! Good configurations, to the last field.

use std::path::PathBuf;

use log::LevelFilter;
use wanctl::{
    config::{Config, Environment, Globals, RouterSection, WanSection, parse, what::FileFault},
    control::{
        adaptive,
        applier::{Layout, OnExit},
        baseline, classic, fallback,
        ladder::{self, Floors},
        oneway::Timestamps,
        rule::Choice,
        time::Span,
        units::{PerDirection, Rate, Ratio, Rtt},
        wan::{self, RouterId},
        zone::Thresholds,
    },
    probe,
    router::settings::{
        self, Fingerprint, Host, Queues, Scheme, Secret, SshLogin, Trust, Way, Ways,
    },
};

use super::{MINIMAL, minimal_with, read};

fn bits(value: u64) -> Rate {
    Rate::from_bps(value).unwrap()
}

fn ms(value: f64) -> Rtt {
    Rtt::from_ms(value).unwrap()
}

fn floors(green: u64, yellow: u64, soft_red: u64, red: u64) -> Floors {
    Floors { green: bits(green), yellow: bits(yellow), soft_red: bits(soft_red), red: bits(red) }
}

/// Files that are all there and private; the password is in the file.
struct AllFiles;

impl Environment for AllFiles {
    fn config_is_private(&self) -> Result<(), FileFault> {
        Ok(())
    }

    fn secret(&self, path: &std::path::Path) -> Result<Vec<u8>, FileFault> {
        assert_eq!(path, std::path::Path::new("/etc/wanctl/password"));
        Ok(b"from the file\n".to_vec())
    }

    fn certificate(&self, path: &std::path::Path) -> Result<(), FileFault> {
        assert_eq!(path, std::path::Path::new("/etc/wanctl/router.pem"));
        Ok(())
    }

    fn private_key(&self, path: &std::path::Path) -> Result<settings::Imprint, FileFault> {
        assert_eq!(path, std::path::Path::new("/etc/wanctl/id_ed25519"));
        Ok(settings::Imprint::default())
    }
}

fn minimal_router() -> RouterSection {
    RouterSection {
        name: "home".into(),
        ways: Ways {
            preferred: Way::Rest(settings::Settings {
                scheme: Scheme::Https(Trust::System),
                host: Host::Address("192.168.88.1".parse().unwrap()),
                port: 443,
                username: "wanctl".into(),
                password: Secret::new("xyzzy-plugh-42".into()),
                rest_timeout: Span::from_secs(2),
            }),
            fallback: None,
        },
    }
}

/// The law of whoever chose none.
fn adaptive_by(law: &classic::Settings) -> Choice {
    Choice::Adaptive(adaptive::Settings {
        base: PerDirection::both(None),
        yellow: law.thresholds.map(|thresholds| thresholds.yellow),
        bounds: law.ladders.map(|ladder| (ladder.floors.red, ladder.ceiling)),
        longest_idle: law.baseline.max,
        counts_every: Span::from_millis(200),
        tuning: &adaptive::Tuning::DEFAULT,
    })
}

fn minimal_wan() -> WanSection {
    let law = classic::Settings {
        interval: Span::from_millis(50),
        baseline: baseline::Settings {
            initial: None,
            time_constant: Span::from_secs(50),
            load_time_constant: Span::from_millis(250),
            freeze: ms(3.0),
            min: ms(1.0),
            max: ms(500.0),
        },
        spike: Some(ms(15.0)),
        thresholds: PerDirection {
            download: Thresholds { yellow: ms(15.0), soft_red: Some(ms(45.0)), red: ms(80.0) },
            upload: Thresholds { yellow: ms(15.0), soft_red: None, red: ms(45.0) },
        },
        ladders: PerDirection {
            download: ladder::Settings {
                ceiling: bits(500_000_000),
                floors: floors(50_000_000, 50_000_000, 50_000_000, 50_000_000),
                step_up: bits(1_000_000),
                factor_red: Ratio::from_ppm(850_000),
                factor_yellow: Ratio::from_ppm(960_000),
                green_required: 5,
            },
            upload: ladder::Settings {
                ceiling: bits(50_000_000),
                floors: floors(10_000_000, 10_000_000, 10_000_000, 10_000_000),
                step_up: bits(100_000),
                factor_red: Ratio::from_ppm(900_000),
                factor_yellow: Ratio::from_ppm(940_000),
                green_required: 5,
            },
        },
    };
    WanSection {
        name: "wan1".into(),
        control: wan::Settings {
            router: RouterId(0),
            reflectors: 1,
            timestamps: Timestamps::Off,
            law,
            choice: adaptive_by(&law),
            layout: Layout::PerDirection,
            write_budget: 600,
            fallback: fallback::Settings { targets: 2, gateway: fallback::Gateway::None },
            on_exit: PerDirection::both(OnExit::Keep),
        },
        probe: probe::settings::Settings {
            reflectors: vec!["1.1.1.1".parse().unwrap()],
            timestamps: probe::settings::Asked::Echo,
            tcp_targets: vec!["1.1.1.1:443".parse().unwrap(), "8.8.8.8:443".parse().unwrap()],
            gateway: None,
            source: None,
            interface: None,
        },
        queues: Queues::Tree(PerDirection { download: "dl".into(), upload: "ul".into() }),
    }
}

fn minimal() -> Config {
    Config {
        globals: Globals {
            listen: "127.0.0.1:9101".parse().unwrap(),
            state_dir: PathBuf::from("/var/run/wanctl"),
            persist_dir: None,
            log_level: LevelFilter::Info,
        },
        routers: vec![minimal_router()],
        wans: vec![minimal_wan()],
        steerings: Vec::new(),
    }
}

#[test]
fn the_minimal_configuration_gets_every_default() {
    let loaded = read(MINIMAL).unwrap();
    assert_eq!(loaded.config, minimal());
    assert_eq!(loaded.warnings, []);
}

/// The fingerprint of a host key.
const KEY: &str = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";

const FULL: &str = r"# everything there is
package wanctl

config globals 'globals'
	option listen '[::1]:9102'
	option state_dir '/tmp/wanctl'
	option persist_dir '/etc/wanctl/state'
	option log_level 'debug'

config router 'home'
	option url 'https://[fd00::1]:8443'
	option username 'api user'
	option password_file '/etc/wanctl/password'
	option tls_ca '/etc/wanctl/router.pem'
	option tls_verify '1'
	option transport 'rest'
	option fallback 'ssh'
	option rest_timeout '1.5s'
	option ssh_host 'attic.lan'
	option ssh_port '2222'
	option ssh_key '/etc/wanctl/id_ed25519'
	option ssh_host_key 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU'
	option ssh_timeout '10s'

config wan 'cable'
	option enabled '1'
	option router 'home'
	option queue_kind 'tree'
	option download_queue 'WAN Download'
	option upload_queue 'WAN Upload'
	option download_ceiling '0.94G'
	option download_floor_green '400M'
	option download_floor_yellow '300M'
	option download_floor_soft_red '200M'
	option download_floor_red '100M'
	option download_step_up '10M'
	option download_factor_down '0.7'
	option download_factor_down_yellow '0.999999'
	option download_green_required '3'
	option download_on_exit '940M'
	option upload_ceiling '38M'
	option upload_floor_green '12.5M'
	option upload_floor_yellow '10M'
	option upload_floor_red '8M'
	option upload_step_up '0.25M'
	option upload_factor_down '0.8'
	option upload_factor_down_yellow '0.95'
	option upload_green_required '10'
	option upload_on_exit '8M'
	option target_bloat '9ms'
	option warn_bloat '60ms'
	option hard_red_bloat '0.1s'
	option baseline_initial '24.5ms'
	option baseline_time_constant '120s'
	option load_time_constant '500ms'
	option baseline_freeze '2.5ms'
	option baseline_min '5ms'
	option baseline_max '60ms'
	option spike '20ms'
	list reflector '1.1.1.1'
	list reflector '2606:4700:4700::1111'
	list reflector '::ffff:9.9.9.9'
	option interface 'eth1.2'
	option interval '100ms'
	option write_budget '1200'
	option law 'adaptive'
";

#[test]
fn the_full_configuration_gets_every_value() {
    let loaded = parse(FULL.as_bytes(), &AllFiles).unwrap();
    assert_eq!(loaded.warnings, []);
    let mut wan = minimal_wan();
    wan.name = "cable".into();
    wan.queues =
        Queues::Tree(PerDirection { download: "WAN Download".into(), upload: "WAN Upload".into() });
    wan.probe.reflectors =
        ["1.1.1.1", "2606:4700:4700::1111", "9.9.9.9"].map(|ip| ip.parse().unwrap()).to_vec();
    wan.probe.interface = Some("eth1.2".into());
    wan.control.reflectors = 3;
    wan.control.write_budget = 1_200;
    wan.control.on_exit = PerDirection {
        download: OnExit::Set(bits(940_000_000)),
        upload: OnExit::Set(bits(8_000_000)),
    };
    wan.control.law = full_law();
    wan.control.choice = adaptive_by(&wan.control.law);
    let expected = Config {
        globals: Globals {
            listen: "[::1]:9102".parse().unwrap(),
            state_dir: PathBuf::from("/tmp/wanctl"),
            persist_dir: Some(PathBuf::from("/etc/wanctl/state")),
            log_level: LevelFilter::Debug,
        },
        routers: vec![RouterSection {
            name: "home".into(),
            ways: Ways {
                preferred: Way::Rest(settings::Settings {
                    scheme: Scheme::Https(Trust::CaFile(PathBuf::from("/etc/wanctl/router.pem"))),
                    host: Host::Address("fd00::1".parse().unwrap()),
                    port: 8443,
                    username: "api user".into(),
                    password: Secret::new("from the file".into()),
                    rest_timeout: Span::from_millis(1_500),
                }),
                fallback: Some(Way::Ssh(settings::SshSettings {
                    host: Host::Name("attic.lan".into()),
                    port: 2222,
                    username: "api user".into(),
                    login: SshLogin::KeyFile(PathBuf::from("/etc/wanctl/id_ed25519").into()),
                    host_key: Fingerprint::parse(KEY).unwrap(),
                    timeout: Span::from_secs(10),
                })),
            },
        }],
        wans: vec![wan],
        steerings: Vec::new(),
    };
    assert_eq!(loaded.config, expected);
}

fn full_law() -> classic::Settings {
    classic::Settings {
        interval: Span::from_millis(100),
        baseline: baseline::Settings {
            initial: Some(ms(24.5)),
            time_constant: Span::from_secs(120),
            load_time_constant: Span::from_millis(500),
            freeze: ms(2.5),
            min: ms(5.0),
            max: ms(60.0),
        },
        spike: Some(ms(20.0)),
        thresholds: PerDirection {
            download: Thresholds { yellow: ms(9.0), soft_red: Some(ms(60.0)), red: ms(100.0) },
            upload: Thresholds { yellow: ms(9.0), soft_red: None, red: ms(60.0) },
        },
        ladders: PerDirection {
            download: ladder::Settings {
                ceiling: bits(940_000_000),
                floors: floors(400_000_000, 300_000_000, 200_000_000, 100_000_000),
                step_up: bits(10_000_000),
                factor_red: Ratio::from_ppm(700_000),
                factor_yellow: Ratio::from_ppm(999_999),
                green_required: 3,
            },
            upload: ladder::Settings {
                ceiling: bits(38_000_000),
                floors: floors(12_500_000, 10_000_000, 8_000_000, 8_000_000),
                step_up: bits(250_000),
                factor_red: Ratio::from_ppm(800_000),
                factor_yellow: Ratio::from_ppm(950_000),
                green_required: 10,
            },
        },
    }
}

const TWO: &str = "\
config wan 'cable'
	option router 'attic'
	option queue_kind simple
	option queue 'wan'
	option download_ceiling 500M
	option download_floor 50M
	option upload_ceiling 50M
	option upload_floor 10M
	list reflector 1.1.1.1
	option source 192.0.2.10

config wan 'spare'
	option enabled 0
	option router 'attic'
	option queue_kind simple
	option queue 'wan'
	option download_ceiling 100M
	option download_floor 50M
	option upload_ceiling 50M
	option upload_floor 10M
	list reflector 1.1.1.1

config wan 'dsl'
	option router 'cellar'
	option queue_kind simple
	option queue 'wan'
	option download_ceiling 16M
	option download_floor 2M
	option download_floor_red 0.5M
	option upload_ceiling 1M
	option upload_floor 0.1M
	list reflector 2001:db8::1
	list reflector 2001:db8::2
	option source 2001:db8::10

config router 'cellar'
	option url https://cellar.lan
	option username wanctl
	option password one
	option fallback none

config router 'attic'
	option url https://attic.lan:444
	option username wanctl
	option password two
	option fallback none
";

#[test]
fn two_wans_on_two_routers_are_told_apart_and_a_disabled_one_is_left_out() {
    let loaded = read(TWO).unwrap();
    assert_eq!(loaded.warnings, []);
    let Config { routers, wans, .. } = loaded.config;
    let rest = |index: usize| routers[index].ways.rest().unwrap();
    let names = |index: usize| (routers[index].name.as_str(), rest(index).port);
    assert_eq!((names(0), names(1)), (("cellar", 443), ("attic", 444)));
    assert_eq!(rest(1).host, Host::Name("attic.lan".into()));
    assert_eq!(rest(1).password, Secret::new("two".into()));
    let [cable, dsl] = &wans[..] else { panic!("{} wans", wans.len()) };
    assert_eq!((cable.name.as_str(), cable.control.router), ("cable", RouterId(1)));
    assert_eq!((dsl.name.as_str(), dsl.control.router), ("dsl", RouterId(0)));
    assert_eq!((cable.control.reflectors, dsl.control.reflectors), (1, 2));
    assert_eq!(cable.control.layout, Layout::Pair);
    assert_eq!(cable.queues, Queues::Simple("wan".into()));
    assert_eq!(cable.probe.source, Some("192.0.2.10".parse().unwrap()));
    let slow = dsl.control.law.ladders;
    assert_eq!(slow.download.floors, floors(2_000_000, 2_000_000, 2_000_000, 500_000));
    assert_eq!(slow.upload.floors, floors(100_000, 100_000, 100_000, 100_000));
    assert_eq!(slow.download.step_up, bits(100_000), "0.2 % would be 0.032M");
}

#[test]
fn the_same_values_in_any_quotes_are_the_same_configuration() {
    let unquoted = MINIMAL.replace('\'', "");
    let double = MINIMAL.replace('\'', "\"");
    let mixed = MINIMAL.replace("'wanctl'", "wan'ct'\"l\"").replace("'50M'", "5\\0M # fast");
    let crlf = MINIMAL.replace('\n', "\r\n");
    let quoted_words = MINIMAL.replace("option", "\"option\"").replace("config", "'config'");
    let flat = MINIMAL.replace('\t', "");
    let no_last_line_end = MINIMAL.trim_end().to_string();
    for text in [unquoted, double, mixed, crlf, quoted_words, flat, no_last_line_end] {
        assert_eq!(read(&text).unwrap().config, minimal(), "{text}");
    }
}

#[test]
fn quotes_and_escapes_reach_the_value_as_in_openwrt() {
    let cases = [
        ("'it'\\''s'", "it's"),
        ("\"a \\\"b\\\" c\"", "a \"b\" c"),
        ("'a \\ b'", "a \\ b"),
        ("a\\ b", "a b"),
        ("'# no comment'", "# no comment"),
        ("Zürich", "Zürich"),
    ];
    for (written, username) in cases {
        let text = minimal_with("'wanctl'", written);
        assert_eq!(read(&text).unwrap().config.routers[0].ways.rest().unwrap().username, username);
    }
}

#[test]
fn an_on_exit_rate_may_be_the_red_floor_or_the_ceiling() {
    for (text, rate) in [("50M", 50_000_000), ("500M", 500_000_000)] {
        let text = format!("{MINIMAL}\toption download_on_exit '{text}'\n");
        let wan = read(&text).unwrap().config.wans.remove(0);
        assert_eq!(wan.control.on_exit.download, OnExit::Set(bits(rate)));
        assert_eq!(wan.control.on_exit.upload, OnExit::Keep);
    }
}

#[test]
fn the_default_step_is_a_five_hundredth_of_the_ceiling_but_at_least_a_tenth_of_a_megabit() {
    for (ceiling, step) in [
        ("10G", 20_000_000),
        ("123.4567M", 246_913),
        ("50.0005M", 100_001),
        ("50.0004M", 100_000),
        ("50M", 100_000),
    ] {
        let text = minimal_with("'500M'", ceiling);
        let wan = read(&text).unwrap().config.wans.remove(0);
        assert_eq!(wan.control.law.ladders.download.step_up, bits(step), "{ceiling}");
    }
}

#[test]
fn openwrt_words_for_on_and_off_are_understood() {
    for (word, trust) in [
        ("1", Trust::System),
        ("yes", Trust::System),
        ("on", Trust::System),
        ("true", Trust::System),
        ("enabled", Trust::System),
        ("0", Trust::Anyone),
        ("no", Trust::Anyone),
        ("off", Trust::Anyone),
        ("false", Trust::Anyone),
        ("disabled", Trust::Anyone),
    ] {
        let text = minimal_with("'wanctl'", &format!("'wanctl'\n\toption tls_verify {word}"));
        let ways = read(&text).unwrap().config.routers.remove(0).ways;
        let settings = ways.rest().unwrap();
        assert_eq!(settings.scheme, Scheme::Https(trust), "{word}");
    }
}

#[test]
fn tcp_targets_and_the_gateway_are_read_and_none_is_nobody() {
    let read = |more: &str| {
        let text = MINIMAL.to_string() + more;
        let loaded = read(&text).unwrap_or_else(|findings| panic!("{more}: {findings:?}"));
        let wan = loaded.config.wans[0].clone();
        let targets: Vec<String> = wan.probe.tcp_targets.iter().map(ToString::to_string).collect();
        (targets.join(" "), wan.control.fallback.targets, wan.control.fallback.gateway)
    };
    let none = fallback::Gateway::None;
    let given = fallback::Gateway::Given;
    let cases = [
        ("", "1.1.1.1:443 8.8.8.8:443", 2, none),
        ("\tlist tcp_target none\n", "", 0, none),
        ("\tlist tcp_target '9.9.9.9:853'\n", "9.9.9.9:853", 1, none),
        (
            "\tlist tcp_target '[2620:fe::9]:443'\n\tlist tcp_target '[::ffff:9.9.9.9]:443'\n",
            "[2620:fe::9]:443 9.9.9.9:443",
            2,
            none,
        ),
        ("\toption gateway '192.0.2.1'\n", "1.1.1.1:443 8.8.8.8:443", 2, given),
    ];
    for (more, targets, count, gateway) in cases {
        assert_eq!(read(more), (targets.to_string(), count, gateway), "{more}");
    }
}

/// The targets that nobody named are not worth an error.
#[test]
fn the_default_targets_are_left_out_where_the_source_cannot_reach_them() {
    let text = minimal_with("'1.1.1.1'", "'2001:db8::1'\n\toption source '2001:db8::10'");
    assert_eq!(read(&text).unwrap().config.wans[0].probe.tcp_targets, []);
}

#[test]
fn how_often_what_passes_is_read_reaches_the_adaptive_law() {
    for (option, millis) in [("", 200), ("\n\toption load_interval '500ms'", 500)] {
        let options = format!("'1.1.1.1'\n\toption law 'adaptive'{option}");
        let wan = read(&minimal_with("'1.1.1.1'", &options)).unwrap().config.wans.remove(0);
        let Choice::Adaptive(law) = wan.control.choice else { panic!("{:?}", wan.control.choice) };
        assert_eq!(law.counts_every, Span::from_millis(millis));
    }
}

#[test]
fn where_a_burst_starts_reaches_the_adaptive_law_up_to_its_bounds() {
    for (down, up) in [(None, None), (Some(50), None), (Some(500), Some(10)), (None, Some(50))] {
        let option = |name: &str, rate: Option<u64>| {
            rate.map(|rate| format!("\toption {name} '{rate}M'\n")).unwrap_or_default()
        };
        let text = MINIMAL.to_owned() + &option("download_base", down) + &option("upload_base", up);
        let loaded = read(&text).unwrap();
        assert_eq!(loaded.warnings, [], "{text}");
        let choice = loaded.config.wans[0].control.choice;
        let Choice::Adaptive(law) = choice else { panic!("{choice:?}") };
        let rate = |rate: u64| bits(rate * 1_000_000);
        assert_eq!(law.base, PerDirection { download: down.map(rate), upload: up.map(rate) });
    }
}

#[test]
fn timestamps_are_asked_of_those_that_have_them() {
    let list = "'2001:db8::1'\n\tlist reflector '9.9.9.9'\n\tlist reflector '1.1.1.1'";
    let text = minimal_with("'1.1.1.1'", &format!("{list}\n\toption timestamps 'on'"));
    let wan = read(&text).unwrap().config.wans.remove(0);
    assert_eq!(wan.control.timestamps, Timestamps::Of(0b110));
    assert_eq!(wan.probe.timestamps, probe::settings::Asked::Timestamps);
    let text = minimal_with("'1.1.1.1'", &format!("{list}\n\toption timestamps '0'"));
    let wan = read(&text).unwrap().config.wans.remove(0);
    assert_eq!(wan.control.timestamps, Timestamps::Off);
    assert_eq!(wan.probe.timestamps, probe::settings::Asked::Echo);
}

/// Whoever chooses none has the law that goes by the load, where that can be known.
#[test]
fn the_law_is_the_adaptive_one_but_for_queue_types_which_count_nothing() {
    let choice = |text: &str| read(text).unwrap().config.wans[0].control.choice;
    let types = MINIMAL.to_owned() + "\toption queue_kind 'type'\n";
    let law = |word: &str| format!("\toption law '{word}'\n");
    let adaptive = adaptive_by(&minimal_wan().control.law);
    assert_eq!(choice(MINIMAL), adaptive);
    assert_eq!(choice(&(MINIMAL.to_owned() + &law("adaptive"))), adaptive);
    assert_eq!(choice(&(MINIMAL.to_owned() + &law("classic"))), Choice::Classic);
    assert_eq!(choice(&types), Choice::Classic);
    assert_eq!(choice(&(types + &law("classic"))), Choice::Classic);
}

#[test]
fn queue_types_have_a_name_for_each_direction_and_a_name_space_of_their_own() {
    let tree = "\toption download_queue 'cake'\n\toption upload_queue 'cake2'\n";
    let wan = |name: &str, kind: &str, source: &str| {
        format!(
            "config wan '{name}'\n\toption queue_kind {kind}\n{tree}\
             \toption download_ceiling 500M\n\toption download_floor 50M\n\
             \toption upload_ceiling 50M\n\toption upload_floor 10M\n\
             \tlist reflector 1.1.1.1\n\toption source {source}\n"
        )
    };
    let router = "config router 'r'\n\toption url https://r.lan\n\toption username w\n\
                  \toption password p\n";
    let text = wan("a", "type", "192.0.2.1") + &wan("b", "tree", "192.0.2.2") + router;
    let config = read(&text).unwrap().config;
    let names = PerDirection { download: "cake".into(), upload: "cake2".into() };
    assert_eq!(config.wans[0].queues, Queues::Type(names.clone()));
    assert_eq!(config.wans[0].control.layout, Layout::PerDirection);
    assert_eq!(config.wans[1].queues, Queues::Tree(names));
}
