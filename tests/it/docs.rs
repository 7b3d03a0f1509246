//! The documents say what the program does.

use std::{fs, path::Path, process::Command};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

fn output(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_wanctl")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_readmes_table_of_options_is_the_programs() {
    let readme = readme();
    let (_, rest) = readme.split_once("<!-- options -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- end of options -->").unwrap();
    assert_eq!(table, output(&["check", "--options"]));
}

#[test]
fn the_readmes_configuration_is_good() {
    let readme = readme();
    let start = readme.find("config router 'home'").unwrap();
    let end = start + readme[start..].find("```").unwrap();
    let folder = std::env::temp_dir().join(format!("wanctl-readme-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    // The two files that the reader is told to make.
    let text = readme[start..end].replace("/etc/wanctl", &format!("{}/wanctl", folder.display()));
    for (name, content) in
        [("wanctl.password", "a secret\n"), ("wanctl-ca.pem", "a certificate\n"), ("config", &text)]
    {
        private(&folder.join(name), content);
    }
    let config = folder.join("config");
    let shown = output(&["check", "-c", config.to_str().unwrap()]);
    fs::remove_dir_all(&folder).unwrap();
    assert!(shown.contains("wan 'cable'"), "{shown}");
    assert!(!shown.contains("a secret"), "{shown}");
}

fn private(path: &Path, content: &str) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(content.as_bytes()).unwrap();
}

#[test]
fn the_helps_commands_are_those_of_the_readme() {
    let help = output(&["--help"]);
    for command in ["run", "check", "status", "capture", "replay", "demo"] {
        assert!(help.contains(&format!("\n  {command}")), "{command}");
        assert!(
            readme().contains(&format!("`wanctl {command}"))
                || readme().contains(&format!("wanctl {command} "))
                || readme().contains(&format!("-- {command}")),
            "{command}"
        );
    }
}
