//! What is asked over SSH.
//! Promises: each line is fixed text that prints; three of them are meant to fail.
//! Knows nothing of sessions.

/// A command line that only reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleAsk {
    /// Facts about the device.
    Resource,
    /// Its name.
    Identity,
    /// Its model and firmware.
    Routerboard,
    /// All queue tree entries.
    Tree,
    /// Their counters.
    TreeStats,
    /// A filter that matches nothing.
    TreeNoMatch,
    /// Their limits as `get` tells them.
    TreeLimits,
    /// How many there are.
    TreeCount,
    /// All simple queues.
    Simple,
    /// Their counters.
    SimpleStats,
    /// The queue types of the kind `cake`.
    TypeCake,
    /// All mangle rules.
    Mangle,
    /// The settings of the SSH server.
    SshServer,
    /// A menu that does not exist.
    UnknownMenu,
    /// A property that does not exist.
    UnknownProperty,
    /// `get` of a queue that does not exist.
    UnknownQueue,
}

impl ConsoleAsk {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 16] = [
        Self::Resource,
        Self::Identity,
        Self::Routerboard,
        Self::Tree,
        Self::TreeStats,
        Self::TreeNoMatch,
        Self::TreeLimits,
        Self::TreeCount,
        Self::Simple,
        Self::SimpleStats,
        Self::TypeCake,
        Self::Mangle,
        Self::SshServer,
        Self::UnknownMenu,
        Self::UnknownProperty,
        Self::UnknownQueue,
    ];

    /// The name of the file that the output goes into.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Resource => "system-resource.print.txt",
            Self::Identity => "system-identity.print.txt",
            Self::Routerboard => "system-routerboard.print.txt",
            Self::Tree => "queue-tree.print-detail.txt",
            Self::TreeStats => "queue-tree.print-stats-detail.txt",
            Self::TreeNoMatch => "print-where.no-match.txt",
            Self::TreeLimits => "queue-tree.get.max-limit.txt",
            Self::TreeCount => "queue-tree.count.txt",
            Self::Simple => "queue-simple.print-detail.txt",
            Self::SimpleStats => "queue-simple.print-stats-detail.txt",
            Self::TypeCake => "queue-type.cake.print-detail.txt",
            Self::Mangle => "mangle.print-detail.txt",
            Self::SshServer => "ip-ssh.print.txt",
            Self::UnknownMenu => "error-unknown-menu.txt",
            Self::UnknownProperty => "error-unknown-property.txt",
            Self::UnknownQueue => "error-unknown-queue.txt",
        }
    }

    /// The line as it is sent.
    pub const fn line(self) -> &'static str {
        match self {
            Self::Resource => "/system/resource/print",
            Self::Identity => "/system/identity/print",
            Self::Routerboard => "/system/routerboard/print",
            Self::Tree => "/queue/tree/print detail",
            Self::TreeStats => "/queue/tree/print stats detail",
            Self::TreeNoMatch => r#"/queue/tree/print detail where name="no-such-thing""#,
            Self::TreeLimits => concat!(
                ":foreach q in=[/queue/tree/find] ",
                "do={:put [/queue/tree/get $q max-limit]}"
            ),
            Self::TreeCount => ":put [:len [/queue/tree/find]]",
            Self::Simple => "/queue/simple/print detail",
            Self::SimpleStats => "/queue/simple/print stats detail",
            Self::TypeCake => "/queue/type/print detail where kind=cake",
            Self::Mangle => "/ip/firewall/mangle/print detail",
            Self::SshServer => "/ip/ssh/print",
            Self::UnknownMenu => "/no-such-thing/print",
            Self::UnknownProperty => r#"/queue/tree/print detail no-such-thing="1""#,
            Self::UnknownQueue => ":put [/queue/tree/get no-such-thing max-limit]",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ConsoleAsk;

    #[test]
    fn every_line_prints_and_has_a_file_of_its_own() {
        let writing = ["set", "add", "remove", "enable", "disable", "move", "reset", "import"];
        for ask in ConsoleAsk::ALL {
            let line = ask.line();
            let other = |char: char| !char.is_ascii_alphanumeric();
            let words: Vec<&str> = line.split(other).collect();
            assert!(words.contains(&"print") || words.contains(&"put"), "{line}");
            assert!(writing.iter().all(|word| !words.contains(word)), "{line}");
            assert!(!line.contains(['\n', ';']), "{line}");
            let same = ConsoleAsk::ALL.into_iter().filter(|other| other.file() == ask.file());
            assert_eq!(same.count(), 1, "{line}");
        }
    }
}
