//! What is asked over REST.
//! Promises: `GET`, and `POST` of `print`; nothing else can be written down here.
//! Knows nothing of connections.

use crate::router::rest::{Method, Request};

/// A request over REST that only reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestAsk {
    /// Facts about the device.
    Resource,
    /// Its name.
    Identity,
    /// Its model and firmware.
    Routerboard,
    /// All queue tree entries.
    TreeList,
    /// The same with the properties that the daemon asks for.
    TreeChosen,
    /// The same by the command `print`.
    TreePrint,
    /// The same by `print` with the flag `stats`.
    TreeStats,
    /// A filter that matches nothing.
    TreeNoMatch,
    /// A queue by an id that does not exist.
    TreeUnknownId,
    /// A queue by a name that does not exist.
    TreeUnknownName,
    /// `GET` of a command.
    TreeCommand,
    /// All simple queues.
    SimpleList,
    /// All queue types.
    TypeList,
    /// The queue types of the kind `cake`.
    TypeCake,
    /// The queues of the interfaces.
    InterfaceList,
    /// All mangle rules.
    MangleList,
    /// The services, REST's own among them.
    ServiceList,
    /// The switches of the web server.
    Webserver,
    /// The settings of the SSH server.
    SshServer,
    /// A menu that does not exist.
    UnknownMenu,
}

/// How it is asked.
enum Form {
    /// `GET` of this path below `/rest`.
    Get(&'static str),
    /// `POST` of the command `print` of a menu, with these arguments in JSON.
    Print(&'static str, &'static str),
}

use Form::{Get, Print};

impl RestAsk {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 20] = [
        Self::Resource,
        Self::Identity,
        Self::Routerboard,
        Self::TreeList,
        Self::TreeChosen,
        Self::TreePrint,
        Self::TreeStats,
        Self::TreeNoMatch,
        Self::TreeUnknownId,
        Self::TreeUnknownName,
        Self::TreeCommand,
        Self::SimpleList,
        Self::TypeList,
        Self::TypeCake,
        Self::InterfaceList,
        Self::MangleList,
        Self::ServiceList,
        Self::Webserver,
        Self::SshServer,
        Self::UnknownMenu,
    ];

    /// The name of the file that the answer goes into.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Resource => "system-resource.get.json",
            Self::Identity => "system-identity.get.json",
            Self::Routerboard => "system-routerboard.get.json",
            Self::TreeList => "queue-tree.list.json",
            Self::TreeChosen => "queue-tree.proplist.list.json",
            Self::TreePrint => "queue-tree.print.post.json",
            Self::TreeStats => "queue-tree.print-stats.post.json",
            Self::TreeNoMatch => "queue-tree.no-match.list.json",
            Self::TreeUnknownId => "error-404.json",
            Self::TreeUnknownName => "error-400-unknown-name.json",
            Self::TreeCommand => "error-400-get-of-command.json",
            Self::SimpleList => "queue-simple.list.json",
            Self::TypeList => "queue-type.list.json",
            Self::TypeCake => "queue-type.cake.list.json",
            Self::InterfaceList => "queue-interface.list.json",
            Self::MangleList => "mangle.list.json",
            Self::ServiceList => "ip-service.list.json",
            Self::Webserver => "ip-service-webserver.get.json",
            Self::SshServer => "ip-ssh.get.json",
            Self::UnknownMenu => "error-400-no-such-directory.json",
        }
    }

    const fn form(self) -> Form {
        match self {
            Self::Resource => Get("/system/resource"),
            Self::Identity => Get("/system/identity"),
            Self::Routerboard => Get("/system/routerboard"),
            Self::TreeList => Get("/queue/tree"),
            Self::TreeChosen => {
                Get("/queue/tree?.proplist=.id,name,max-limit,disabled,invalid,dynamic")
            }
            Self::TreePrint => Print("/queue/tree", r#"{".proplist":".id,name,max-limit"}"#),
            Self::TreeStats => Print("/queue/tree", r#"{"stats":""}"#),
            Self::TreeNoMatch => Get("/queue/tree?name=no-such-thing"),
            Self::TreeUnknownId => Get("/queue/tree/*FFFFFFF0"),
            Self::TreeUnknownName => Get("/queue/tree/no-such-thing"),
            Self::TreeCommand => Get("/queue/tree/print"),
            Self::SimpleList => Get("/queue/simple"),
            Self::TypeList => Get("/queue/type"),
            Self::TypeCake => Get("/queue/type?kind=cake"),
            Self::InterfaceList => Get("/queue/interface"),
            Self::MangleList => Get("/ip/firewall/mangle"),
            Self::ServiceList => Get("/ip/service"),
            Self::Webserver => Get("/ip/service/webserver"),
            Self::SshServer => Get("/ip/ssh"),
            Self::UnknownMenu => Get("/no-such-thing"),
        }
    }

    /// The request, for people: `GET /rest/queue/tree`.
    pub fn shown(self) -> String {
        let Request { method, target, body } = self.request();
        let body = body.map(|body| format!(" {body}")).unwrap_or_default();
        format!("{} {target}{body}", method.word())
    }

    /// The request as it is sent.
    pub fn request(self) -> Request {
        match self.form() {
            Get(path) => {
                Request { method: Method::Get, target: format!("/rest{path}"), body: None }
            }
            Print(menu, arguments) => Request {
                method: Method::Post,
                target: format!("/rest{menu}/print"),
                body: Some(arguments.to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Method, RestAsk};

    #[test]
    fn every_request_reads_and_has_a_file_of_its_own() {
        for ask in RestAsk::ALL {
            let request = ask.request();
            match request.method {
                Method::Get => assert_eq!(request.body, None, "{ask:?}"),
                Method::Post => assert!(request.target.ends_with("/print"), "{ask:?}"),
                Method::Patch => panic!("{ask:?}"),
            }
            assert!(request.target.starts_with("/rest/"), "{ask:?}");
            let same = RestAsk::ALL.into_iter().filter(|other| other.file() == ask.file());
            assert_eq!(same.count(), 1, "{ask:?}");
        }
        assert_eq!(RestAsk::TreeStats.shown(), r#"POST /rest/queue/tree/print {"stats":""}"#);
    }
}
