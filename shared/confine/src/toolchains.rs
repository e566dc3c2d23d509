//! Which folders of this machine a command needs to find its tools, worked out from PATH and HOME
//! alone: the system's own, and for each entry of PATH in the person's home the folder that holds
//! that toolchain. Never a folder that holds keys.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// What a command may see of the machine, and the environment that makes it find it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemFolders {
    /// For [`crate::Confinement::readable`].
    pub readable: Vec<PathBuf>,
    /// For [`crate::Confinement::hidden`].
    pub hidden: Vec<PathBuf>,
    /// PATH, LANG and where toolchains find themselves although HOME is another one.
    pub environment: BTreeMap<String, String>,
}

/// Programs, libraries, settings and devices of the system. `/etc/resolv.conf` and the like are
/// often links to elsewhere, so they are named.
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix",
    "/gnu/store",
    "/etc",
    "/etc/resolv.conf",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/ssl/certs",
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/System",
    "/Library",
    "/private/etc",
    "/private/var/db/timezone",
];

/// What of it holds secrets. An ordinary user can't read most of them anyway; root can.
const SYSTEM_SECRETS: &[&str] = &[
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/pki/private",
    "/etc/security/opasswd",
    "/etc/krb5.keytab",
    "/etc/docker",
    "/etc/kubernetes",
    "/etc/rancher",
    "/etc/wireguard",
    "/etc/openvpn",
    "/etc/NetworkManager/system-connections",
    "/etc/letsencrypt",
    "/etc/netrc",
    "/etc/boto.cfg",
    "/etc/environment",
    "/usr/local/etc/ssl/private",
];

/// Never readable, whatever PATH says: the first part of a path in the home.
const KEYS: &[&str] = &[
    ".ssh",
    ".aws",
    ".azure",
    ".config",
    ".gcloud",
    ".gnupg",
    ".docker",
    ".kube",
    ".netrc",
    ".git-credentials",
    ".gitconfig",
    ".npmrc",
    ".pypirc",
    ".password-store",
    ".mozilla",
    ".vault-token",
    ".terraform.d",
    ".local/share/keyrings",
    ".claude",
    ".codex",
];

/// For a PATH entry in the home that begins with the first: what is readable, and the variable that
/// tells the toolchain where it lies.
type Toolchain = (&'static str, &'static [&'static str], Option<(&'static str, &'static str)>);

/// Variables by which toolchains are found that lie elsewhere than in the person's home, such as
/// under `/usr/local` in a container. Each names a folder.
pub const TOOLCHAIN_VARIABLES: &[&str] = &[
    "RUSTUP_HOME",
    "PYENV_ROOT",
    "RBENV_ROOT",
    "NODENV_ROOT",
    "GOENV_ROOT",
    "NVM_DIR",
    "VOLTA_HOME",
    "ASDF_DATA_DIR",
    "SDKMAN_DIR",
    "DOTNET_ROOT",
    "ELAN_HOME",
    "JAVA_HOME",
    "GOROOT",
];

/// Toolchains that are more than one folder of programs.
const TOOLCHAINS: &[Toolchain] = &[
    (".cargo/bin", &[".cargo/bin", ".rustup"], Some(("RUSTUP_HOME", ".rustup"))),
    (".rustup", &[".rustup"], Some(("RUSTUP_HOME", ".rustup"))),
    (".pyenv", &[".pyenv"], Some(("PYENV_ROOT", ".pyenv"))),
    (".rbenv", &[".rbenv"], Some(("RBENV_ROOT", ".rbenv"))),
    (".nodenv", &[".nodenv"], Some(("NODENV_ROOT", ".nodenv"))),
    (".goenv", &[".goenv"], Some(("GOENV_ROOT", ".goenv"))),
    (".jenv", &[".jenv"], None),
    (".nvm", &[".nvm"], Some(("NVM_DIR", ".nvm"))),
    (".volta", &[".volta"], Some(("VOLTA_HOME", ".volta"))),
    (".asdf", &[".asdf"], Some(("ASDF_DATA_DIR", ".asdf"))),
    (".sdkman", &[".sdkman"], Some(("SDKMAN_DIR", ".sdkman"))),
    (".bun", &[".bun/bin"], None),
    (".deno", &[".deno/bin"], None),
    (".dotnet", &[".dotnet"], Some(("DOTNET_ROOT", ".dotnet"))),
    (".ghcup", &[".ghcup"], None),
    (".elan", &[".elan"], Some(("ELAN_HOME", ".elan"))),
    (".juliaup", &[".juliaup", ".julia/juliaup"], None),
    (".nix-profile", &[".nix-profile", ".local/state/nix"], None),
    (".local/share/mise", &[".local/share/mise"], None),
    (".local/share/pnpm", &[".local/share/pnpm"], None),
    (".local/share/fnm", &[".local/share/fnm"], None),
    (
        ".local/bin",
        &[".local/bin", ".local/lib", ".local/share/uv", ".local/share/pipx", ".local/pipx"],
        None,
    ),
    ("go", &["go/bin"], None),
];

/// Works out the folders. `path` is PATH as it stands; `home` the home of the person whose
/// machine it is, if there is one. Entries of PATH that are not absolute are left out: they would
/// mean something else in every folder.
pub fn system_folders(path: &str, home: Option<&Path>) -> SystemFolders {
    let mut found = SystemFolders {
        readable: SYSTEM.iter().map(PathBuf::from).collect(),
        hidden: SYSTEM_SECRETS.iter().map(PathBuf::from).collect(),
        ..SystemFolders::default()
    };
    // A home that holds the system (`/` in some containers) is no home to hide.
    let home = home.filter(|home| home.is_absolute() && home.components().count() > 1);
    if let Some(home) = home {
        found.hidden.push(home.to_owned());
        found.hidden.extend(KEYS.iter().map(|name| home.join(name)));
    }
    let mut kept = Vec::new();
    for entry in std::env::split_paths(path) {
        let plain =
            entry.components().all(|c| matches!(c, Component::RootDir | Component::Normal(_)));
        if !entry.is_absolute() || !plain {
            continue;
        }
        let usable = match home
            .and_then(|home| entry.strip_prefix(home).ok().map(|in_home| (home, in_home)))
        {
            Some((home, in_home)) => allow_in_home(home, in_home, &mut found),
            None => allow_elsewhere(&entry, home, &mut found),
        };
        if usable && !kept.contains(&entry) {
            kept.push(entry);
        }
    }
    found.readable.sort();
    found.readable.dedup();
    found.hidden.sort();
    found.hidden.dedup();
    if let Ok(path) = std::env::join_paths(kept) {
        found.environment.insert("PATH".to_owned(), path.to_string_lossy().into_owned());
    }
    found.environment.insert("LANG".to_owned(), "C.UTF-8".to_owned());
    found
}

impl SystemFolders {
    /// The environment with HOME in `home` and TMPDIR in `home/tmp`. Both must exist and be
    /// writable for the command; caches such as CARGO_HOME go there by themselves.
    pub fn environment_in(&self, home: &Path) -> BTreeMap<String, String> {
        let mut environment = self.environment.clone();
        let text = |path: &Path| path.to_string_lossy().into_owned();
        environment.insert("HOME".to_owned(), text(home));
        environment.insert("TMPDIR".to_owned(), text(&home.join("tmp")));
        environment
    }
}

fn allow_in_home(home: &Path, in_home: &Path, found: &mut SystemFolders) -> bool {
    if in_home.as_os_str().is_empty() || KEYS.iter().any(|key| in_home.starts_with(key)) {
        return false;
    }
    let known = TOOLCHAINS.iter().find(|(begins, ..)| in_home.starts_with(begins));
    if let Some((_, folders, variable)) = known {
        found.readable.extend(folders.iter().map(|folder| home.join(folder)));
        // An entry such as ~/go/tools lies beneath a known name but not in what is known of it.
        found.readable.push(home.join(in_home));
        if let Some((name, folder)) = variable {
            let value = home.join(folder).to_string_lossy().into_owned();
            found.environment.insert((*name).to_owned(), value);
        }
        return true;
    }
    // Unknown: `~/miniconda3/bin` needs `~/miniconda3/lib`; of `~/bin` only itself is meant.
    let folder = match (in_home.parent(), in_home.file_name().and_then(|name| name.to_str())) {
        (Some(parent), Some("bin" | "sbin" | "shims")) if !parent.as_os_str().is_empty() => parent,
        _ => in_home,
    };
    // Not `~/.local` for an entry that is unknown there: too much lies in it.
    let folder = if folder == Path::new(".local") { in_home } else { folder };
    found.readable.push(home.join(folder));
    true
}

fn allow_elsewhere(entry: &Path, home: Option<&Path>, found: &mut SystemFolders) -> bool {
    if SYSTEM.iter().any(|folder| entry.starts_with(folder)) {
        return true;
    }
    let named_bin = entry.file_name().is_some_and(|name| name == "bin" || name == "sbin");
    // `/srv/tools/bin` needs `/srv/tools/lib`; but `/srv/bin` shall not open all of `/srv`.
    let folder = entry.parent().filter(|parent| named_bin && parent.components().count() > 2);
    let folder = folder.unwrap_or(entry);
    // Neither the whole disk nor all homes, whatever PATH says.
    let holds_home = home.is_some_and(|home| home.starts_with(folder));
    if folder.components().count() < 2 || holds_home {
        return false;
    }
    found.readable.push(folder.to_owned());
    true
}

#[cfg(test)]
mod tests;
