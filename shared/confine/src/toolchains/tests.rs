//! Table tests of the folders that PATH and HOME lead to.

use super::*;

const HOME: &str = "/home/ann";

fn of(path: &str) -> SystemFolders {
    system_folders(path, Some(Path::new(HOME)))
}

fn beyond_system(found: &SystemFolders) -> Vec<String> {
    let system: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    let others = found.readable.iter().filter(|path| !system.contains(path));
    others.map(|path| path.to_string_lossy().replace(HOME, "~")).collect()
}

#[test]
fn each_entry_of_path_opens_the_folder_that_holds_its_toolchain() {
    let cases: &[(&str, &[&str])] = &[
        ("/usr/bin:/bin:/usr/local/sbin", &[]),
        ("/home/ann/.cargo/bin", &["~/.cargo/bin", "~/.rustup"]),
        ("/home/ann/.rustup/toolchains/x/bin", &["~/.rustup", "~/.rustup/toolchains/x/bin"]),
        (
            "/home/ann/.pyenv/shims:/home/ann/.pyenv/bin",
            &["~/.pyenv", "~/.pyenv/bin", "~/.pyenv/shims"],
        ),
        ("/home/ann/.nvm/versions/node/v22/bin", &["~/.nvm", "~/.nvm/versions/node/v22/bin"]),
        ("/home/ann/bin", &["~/bin"]),
        ("/home/ann/miniconda3/bin", &["~/miniconda3"]),
        ("/home/ann/projects/tools", &["~/projects/tools"]),
        ("/home/ann/.local/sbin", &["~/.local/sbin"]),
        ("/home/linuxbrew/.linuxbrew/bin", &["/home/linuxbrew/.linuxbrew"]),
        ("/srv/bin", &["/srv/bin"]),
        ("/srv/tools/bin", &["/srv/tools"]),
        // Not absolute, with `..`, the home itself, all homes, the whole disk, keys.
        (".:bin::../x", &[]),
        ("/home/ann/x/../.ssh", &[]),
        ("/home/ann", &[]),
        ("/home", &[]),
        ("/", &[]),
        ("/home/ann/.ssh/bin:/home/ann/.config/x/bin:/home/ann/.aws", &[]),
    ];
    for (path, expected) in cases {
        assert_eq!(beyond_system(&of(path)), *expected, "{path}");
    }
}

#[test]
fn path_keeps_only_what_can_be_used_and_toolchains_are_told_where_they_are() {
    let found = of("/usr/bin:.:/home/ann/.ssh:/home/ann/.cargo/bin:/usr/bin:/home/ann/.nvm/x/bin");
    let text = |name: &str| found.environment.get(name).map(String::as_str);
    assert_eq!(text("PATH"), Some("/usr/bin:/home/ann/.cargo/bin:/home/ann/.nvm/x/bin"));
    assert_eq!(text("RUSTUP_HOME"), Some("/home/ann/.rustup"));
    assert_eq!(text("NVM_DIR"), Some("/home/ann/.nvm"));
    assert_eq!(text("CARGO_HOME"), None, "it would hold the registry's credentials");
    let environment = found.environment_in(Path::new("/job/home"));
    assert_eq!(environment.get("HOME").map(String::as_str), Some("/job/home"));
    assert_eq!(environment.get("TMPDIR").map(String::as_str), Some("/job/home/tmp"));
}

#[test]
fn keys_are_hidden_and_never_readable_themselves() {
    let found = of("/usr/bin:/home/ann/.cargo/bin:/home/ann/.local/bin");
    for key in [".ssh", ".aws", ".config", ".netrc", ".docker", ".kube", ".gnupg", ""] {
        let path = Path::new(HOME).join(key);
        let path = if key.is_empty() { PathBuf::from(HOME) } else { path };
        assert!(found.hidden.contains(&path), "{key} is not hidden");
        assert!(!found.readable.iter().any(|readable| path.starts_with(readable)), "{key}");
    }
    let credentials = Path::new(HOME).join(".cargo/credentials.toml");
    assert!(!found.readable.iter().any(|readable| credentials.starts_with(readable)));
    assert!(found.hidden.contains(&PathBuf::from("/etc/shadow")));
}

#[test]
fn without_a_home_or_with_the_root_folder_for_one_only_the_system_is_open() {
    for home in [None, Some(Path::new("/")), Some(Path::new("relative"))] {
        let found = system_folders("/usr/bin:/bin", home);
        assert_eq!(beyond_system(&found), Vec::<String>::new());
        assert!(!found.hidden.contains(&PathBuf::from("/")), "{home:?}");
    }
}
