//! What RouterOS itself says: the words that are in every router, and which keys hold what.
//! Promises: a word is here only if RouterOS has it by itself; names that people give are not.
//! Knows nothing of what is done with other words.
//!
//! Source: `golden/schema`, and the menus of the manual.

use std::sync::LazyLock;

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Something that nobody else may know.
    Secret(Secret),
    /// The version of RouterOS or of the firmware.
    Version,
    /// A fact about the model.
    Fact,
    /// Numbers, rates, times and the like.
    Measured,
    /// The text of an error.
    Error,
    /// A line of the console that stands alone ([`LINE`]): a number, an error, a legend.
    Line,
    /// A key itself ([`KEY`]).
    Key,
    /// Anything else: a name, an address, a word.
    Other,
}

/// A kind of secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// A serial number, software id or licence.
    Serial,
    /// A password or key.
    Key,
    /// A user.
    User,
    /// The name of a wireless network.
    Ssid,
}

/// Parts of keys that hold secrets. The first that occurs counts.
const SECRETS: [(&str, Secret); 17] = [
    ("serial", Secret::Serial),
    ("software-id", Secret::Serial),
    ("system-id", Secret::Serial),
    ("licen", Secret::Serial),
    ("imei", Secret::Serial),
    ("imsi", Secret::Serial),
    ("iccid", Secret::Serial),
    ("phone", Secret::Serial),
    ("passw", Secret::Key),
    ("passphrase", Secret::Key),
    ("secret", Secret::Key),
    ("token", Secret::Key),
    ("fingerprint", Secret::Key),
    ("ssid", Secret::Ssid),
    ("user", Secret::User),
    ("login", Secret::User),
    ("mail", Secret::User),
];

/// Keys that end in `key` hold one, but for these.
const NO_KEYS: [&str; 2] = ["host-key-size", "host-key-type"];

const VERSIONS: [&str; 6] = [
    "version",
    "factory-software",
    "minimum-version",
    "current-firmware",
    "upgrade-firmware",
    "factory-firmware",
];

const FACTS: [&str; 8] = [
    "architecture-name",
    "board-name",
    "build-time",
    "cpu",
    "firmware-type",
    "model",
    "platform",
    "revision",
];

/// In the place of a key, where the value is a key of the console's.
pub(super) const KEY: &str = "(key)";

/// In the place of a key, where the console has none.
pub(super) const LINE: &str = "(line)";

const ERRORS: [&str; 2] = ["detail", "message"];

/// Keys whose values are measured or counted, whole.
static MEASURED: List = LazyLock::new(|| {
    in_order(
        "\
    .id address-list-timeout bytes cpu-count cpu-frequency cpu-load dropped dscp dst-port error \
    host-key-size max-sessions new-dscp new-mss new-priority new-ttl packet-rate packet-size \
    packets port priority rate ret src-port tcp-mss ttl uptime",
    )
});

/// How other such keys begin.
const MEASURED_BEGIN: [&str; 12] = [
    "bucket-",
    "burst-",
    "cake-",
    "codel-",
    "fq-codel-",
    "limit-",
    "pcq-",
    "queued-",
    "red-",
    "sfq-",
    "total-",
    "write-sect-",
];

/// How other such keys end.
const MEASURED_END: [&str; 6] =
    ["-limit", "-memory", "-space", "-sectors", "-interval", "bad-blocks"];

/// Words in small letters and in order: each word of an answer is looked up in some.
type List = LazyLock<Vec<&'static str>>;

fn in_order(words: &'static str) -> Vec<&'static str> {
    let mut list: Vec<&str> = words.split(' ').collect();
    list.sort_unstable();
    list
}

/// Whether the word is in the list, in capitals or not.
fn has(list: &List, word: &str) -> bool {
    let small = || word.bytes().map(|byte| byte.to_ascii_lowercase());
    list.binary_search_by(|own| own.bytes().cmp(small())).is_ok()
}

/// What the values of a key are.
pub(super) fn holds(key: &str) -> Holds {
    if let Some((_, secret)) = SECRETS.iter().find(|(part, _)| key.contains(part)) {
        return Holds::Secret(*secret);
    }
    if (key.ends_with("key") || key.contains("-key")) && !NO_KEYS.contains(&key) {
        return Holds::Secret(Secret::Key);
    }
    let measured = has(&MEASURED, key)
        || MEASURED_BEGIN.iter().any(|begin| key.starts_with(begin))
        || MEASURED_END.iter().any(|end| key.ends_with(end));
    match key {
        _ if VERSIONS.contains(&key) => Holds::Version,
        _ if FACTS.contains(&key) => Holds::Fact,
        _ if ERRORS.contains(&key) => Holds::Error,
        LINE => Holds::Line,
        KEY => Holds::Key,
        _ if measured => Holds::Measured,
        _ => Holds::Other,
    }
}

/// Words that are values in every router.
static VALUES: List = LazyLock::new(|| {
    in_order(
        "\
    all any auto default disabled enabled false global main no none true unlimited yes bfifo \
    cake codel default-small ethernet-default fq-codel hotspot-default mq-pfifo \
    multi-queue-ethernet-default only-hardware-queue pcq pcq-download-default pcq-upload-default \
    pfifo red sfq synchronous-default wireless-default aggressive besteffort bridged-llcsnap \
    bridged-ptm bridged-vcmux convervative datacentre diffserv3 diffserv4 diffserv8 docsis \
    dst-address dst-address6 dst-port dsthost dual-dsthost dual-srchost ether-vlan ethernet \
    filter flowblind flows hosts internet interplanetary ipoa-llcsnap ipoa-vcmux lan metro \
    oceanic pppoa-llc pppoa-vcmux pppoe-llcsnap pppoe-ptm pppoe-vcmux precedence ptm atm raw \
    regional satellite src-address src-address6 src-port srchost triple-isolate via-ethernet \
    accept add-dst-to-address-list add-src-to-address-list broadcast change-dscp change-mss \
    change-ttl clamp-to-pmtu clear-df dstnat established fasttrack-connection forward \
    from-priority gre icmp icmpv6 igmp in input invalid ipsec ipsec-ah ipsec-esp jump l2tp local \
    log mark-connection mark-packet mark-routing multicast new new-connection no-mark ospf out \
    output passthrough postrouting prerouting related return route sctp set-priority sniff-pc \
    sniff-tzsp srcnat strip-ipv4-options syn ack fin rst psh urg tcp udp udp-lite unicast \
    untracked vrrp api api-ssl both ed25519 ftp only-1.2 remote reverse-proxy rsa ssh strong \
    telnet winbox www www-ssl aes-cbc aes-ctr aes-gcm 3des-cbc null yes-if-no-key password",
    )
});

/// Words of the legend of a console's flags, besides single letters.
const LEGEND: [&str; 7] =
    ["default", "disabled", "dynamic", "flags", "inactive", "invalid", "connection"];

/// Line and column, or a range, and the number of the error. More may be somebody's telephone.
const ERROR_NUMBERS_MAX: usize = 3;

/// Words of the texts of errors.
static ERROR_WORDS: List = LazyLock::new(|| {
    in_order(
        "\
    firewall interface ip mangle routerboard ssh system webserver \
    a allowed already ambiguous any argument bad base column command directory does end enough \
    entry evl expected failed failure find for forbidden found get has have id identifier \
    implemented input internal interrupted invalid is item json line match matches media missing \
    more name no not numbers of or out parameter parse permissions prefix print proplist queue \
    range request resource server service session closed std such syntax than the thing timeout \
    to too tree type unauthorized unavailable unexpected unknown unsupported value value-name \
    where error",
    )
});

/// Whether RouterOS has the word by itself.
pub(super) fn is_value(word: &str) -> bool {
    let word = word.strip_prefix('!').unwrap_or(word);
    has(&VALUES, word)
}

/// Whether a text is the legend of a console's flags, such as `Flags: X - disabled, I - INVALID`.
pub(super) fn is_legend(text: &str) -> bool {
    let mut words =
        text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    let letter =
        |word: &str| word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let known = |word: &str| LEGEND.contains(&word.to_ascii_lowercase().as_str());
    text.starts_with("Flags: ") && words.all(|word| letter(word) || known(word))
}

/// Whether a text is made of words that errors are made of, and of short numbers.
pub(super) fn is_error(text: &str) -> bool {
    let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
    let (numbers, words): (Vec<&str>, Vec<&str>) = words.partition(is_number);
    !words.is_empty()
        && words.iter().all(|word| has(&ERROR_WORDS, word))
        && numbers.len() <= ERROR_NUMBERS_MAX
        && numbers.iter().all(|number| number.len() <= 4)
}

#[cfg(test)]
mod tests {
    use super::{ERROR_WORDS, Holds, MEASURED, Secret, VALUES, has, holds, is_error, is_value};

    #[test]
    fn each_word_of_a_list_is_found_in_it() {
        for list in [&MEASURED, &VALUES, &ERROR_WORDS] {
            assert!(list.iter().all(|word| has(list, word) && has(list, &word.to_uppercase())));
            assert!(list.iter().all(|word| !word.contains(char::is_uppercase)));
            assert!(!has(list, "") && !has(list, "bob"));
        }
    }

    #[test]
    fn keys_are_told_apart_by_what_they_hold() {
        for (key, held) in [
            ("serial-number", Holds::Secret(Secret::Serial)),
            ("software-id", Holds::Secret(Secret::Serial)),
            ("public-key", Holds::Secret(Secret::Key)),
            ("pre-shared-key-file", Holds::Secret(Secret::Key)),
            ("host-key-size", Holds::Measured),
            ("username", Holds::Secret(Secret::User)),
            ("version", Holds::Version),
            ("board-name", Holds::Fact),
            ("max-limit", Holds::Measured),
            ("total-rate", Holds::Measured),
            ("free-memory", Holds::Measured),
            ("detail", Holds::Error),
            ("name", Holds::Other),
            ("limit", Holds::Other),
        ] {
            assert_eq!(holds(key), held, "{key}");
        }
    }

    #[test]
    fn words_of_routeros_and_of_its_errors_are_known_and_others_are_not() {
        assert!(is_value("mark-packet") && is_value("!local") && is_value("only-1.2"));
        assert!(!is_value("WAN-Download") && !is_value("bob"));
        for text in [
            "no such command or directory (no-such-thing)",
            "not enough permissions (9)",
            "expected end of command (line 1 column 48)",
            "missing =.id=",
            "Bad Request",
        ] {
            assert!(is_error(text), "{text}");
        }
        assert!(!is_error("login failure for user bob"));
        assert!(!is_error("0171 234 5678") && !is_error("no 0171 234 56 78"));
        assert!(!is_error("input does not match any value of 12345"));
    }
}
