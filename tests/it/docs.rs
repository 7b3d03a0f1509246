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

#[test]
fn the_packages_configuration_is_good_and_so_is_the_steering_in_it_without_its_hashes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/files/wanctl.config");
    let shipped = fs::read_to_string(file).unwrap();
    let folder = std::env::temp_dir().join(format!("wanctl-shipped-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let text = shipped.replace("/etc/wanctl", &folder.display().to_string());
    let text = text.replace("option enabled '0'", "option enabled '1'");
    private(&folder.join("password"), "a secret\n");
    private(&folder.join("ca.pem"), "a certificate\n");
    let config = folder.join("config");
    private(&config, &text);
    let shown = output(&["check", "-c", config.to_str().unwrap()]);
    assert!(shown.contains("wan 'wan'") && !shown.contains("steering"), "{shown}");
    let bare = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with("config") || rest.starts_with('\t') => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    private(&config, &text.lines().map(bare).collect::<String>());
    let shown = output(&["check", "-c", config.to_str().unwrap()]);
    fs::remove_dir_all(&folder).unwrap();
    let line = "steering 'calls': from wan 'wan' to wan 'wan2' by the mangle rule";
    assert!(shown.contains(line) && shown.contains("DRY RUN"), "{shown}");
}

/// With three there is none that could stand in for one whose times stray.
#[test]
fn the_examples_name_reflectors_of_five_operators() {
    let operators = ["1.1.1.1", "9.9.9.9", "8.8.8.8", "208.67.222.222", "94.140.14.14"];
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/files/wanctl.config");
    for text in [readme(), fs::read_to_string(file).unwrap()] {
        let list = text.lines().map(str::trim_start).filter_map(|line| {
            line.strip_prefix("list reflector '").and_then(|rest| rest.strip_suffix('\''))
        });
        assert_eq!(list.collect::<Vec<_>>(), operators);
    }
}

#[test]
fn the_readmes_steering_is_good() {
    let readme = readme();
    let start = readme.find("config steering 'calls'").unwrap();
    let section = &readme[start..start + readme[start..].find("```").unwrap()];
    let wan = |name: &str| {
        format!(
            "config wan '{name}'\n\tlist reflector '192.0.2.1'\n\toption download_ceiling '9M'\n\
             \toption download_floor '2M'\n\toption upload_ceiling '9M'\n\toption upload_floor '2M'\n\
             \toption download_queue '{name} down'\n\toption upload_queue '{name} up'\n"
        )
    };
    let router = "config router 'home'\n\toption url 'https://192.0.2.2'\n\toption username 'u'\n\
                  \toption password 'p'\n\toption fallback 'none'\n";
    let text = [router, &wan("cable"), &wan("dsl"), section].concat();
    let path = std::env::temp_dir().join(format!("wanctl-two-lines-{}", std::process::id()));
    private(&path, &text);
    let shown = output(&["check", "-c", path.to_str().unwrap()]);
    fs::remove_file(&path).unwrap();
    assert!(shown.contains("by the mangle rule 'calls: other line' on router 'home'"), "{shown}");
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
