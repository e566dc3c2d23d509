//! Emulators of AWS: one of each for a test process, on a free port, with an environment of its
//! own, gone when the process is gone. `tests/emulators/install` puts them there.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long one may take to answer: a busy machine starts the slower one in half a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running emulator.
pub struct Emulator {
    /// Where it answers.
    pub address: SocketAddr,
    /// Our end of its standard input closes with this process; then it ends the emulator.
    _guard: Child,
}

impl Emulator {
    /// `MiniStack`: S3, SQS, KMS, Secrets Manager, SSM, CloudFormation, Lambda.
    pub fn ministack() -> &'static Self {
        static RUNNING: OnceLock<Emulator> = OnceLock::new();
        RUNNING.get_or_init(|| {
            let program = installed("ministack-1.5.33", "ministack");
            start(&[&program], "/_ministack/health", |command, address, _| {
                command
                    .env("GATEWAY_PORT", address.port().to_string())
                    .env("BIND_HOST", "127.0.0.1")
                    .env("MINISTACK_HOST", "127.0.0.1");
            })
        })
    }

    /// `LocalStack`: S3 and SQS.
    pub fn localstack() -> &'static Self {
        static RUNNING: OnceLock<Emulator> = OnceLock::new();
        RUNNING.get_or_init(|| {
            let python = installed("localstack-4.4.0", "python");
            let arguments = [&python, Path::new("-m"), Path::new("localstack.runtime.main")];
            start(&arguments, "/_localstack/health", |command, address, home| {
                command
                    .env("GATEWAY_LISTEN", address.to_string())
                    .env("LOCALSTACK_VOLUME_DIR", home)
                    .env("SERVICES", "s3,sqs")
                    // Nothing is fetched, and nobody is told.
                    .env("DISABLE_EVENTS", "1")
                    .env("SKIP_SSL_CERT_DOWNLOAD", "1")
                    .env("DNS_ADDRESS", "0");
            })
        })
    }

    /// Its address, as `AWS_ENDPOINT_URL` has it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A program of an installed emulator.
fn installed(folder: &str, program: &str) -> PathBuf {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let tools = of("LEVIATHAN_TOOLS").unwrap_or_else(|| {
        let cache =
            of("XDG_CACHE_HOME").unwrap_or_else(|| of("HOME").expect("HOME is set").join(".cache"));
        cache.join("leviathan/tools")
    });
    let program = tools.join(folder).join("bin").join(program);
    assert!(program.is_file(), "{} is missing: run tests/emulators/install", program.display());
    program
}

fn start(
    command: &[&Path],
    health: &str,
    set: impl Fn(&mut Command, SocketAddr, &Path),
) -> Emulator {
    // Removed by the guard: a static is never dropped.
    let home = tempfile::tempdir().expect("a temporary folder").keep();
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("it listens");
    drop(free);
    let log = home.join("log");
    let output = File::create(&log).expect("the log can be written");
    let mut guard = Command::new("python3");
    guard
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/emulators/guard.py"))
        .arg(&home)
        .args(command)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &home)
        .stdin(Stdio::piped())
        .stdout(output.try_clone().expect("a second handle"))
        .stderr(output);
    set(&mut guard, address, &home);
    let mut guard = guard.spawn().expect("python3 can be started");
    let began = Instant::now();
    let url = format!("http://{address}{health}");
    while ureq::get(&url).call().is_err() {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        let ended = guard.try_wait().expect("it can be asked").is_some();
        assert!(!ended && began.elapsed() < PATIENCE, "the emulator does not answer: {said}");
        sleep(Duration::from_millis(100));
    }
    Emulator { address, _guard: guard }
}
