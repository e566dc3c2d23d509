//! What a marker file says of how a repository is tested, and how its dependencies are updated.

/// One way of building.
pub(super) struct Ecosystem {
    pub(super) name: &'static str,
    /// Any of these at the root is a sign of it.
    pub(super) markers: &'static [&'static str],
    /// What its check is called.
    pub(super) check: &'static str,
    /// The first whose file is there is proposed.
    pub(super) checks: &'static [Check],
    pub(super) update: Option<Update>,
}

/// One way to run the tests.
pub(super) struct Check {
    /// Only with this file at the root.
    pub(super) with: Option<&'static str>,
    /// A line of the policy.
    pub(super) command: &'static str,
}

/// How the lock file is brought up to date.
pub(super) struct Update {
    pub(super) lock: &'static str,
    pub(super) paths: &'static [&'static str],
    /// A line of the policy.
    pub(super) command: &'static str,
}

pub(super) const ECOSYSTEMS: &[Ecosystem] = &[
    Ecosystem {
        name: "cargo",
        markers: &["Cargo.toml"],
        check: "cargo test",
        checks: &[
            Check { with: Some("Cargo.lock"), command: "run: cargo test --locked" },
            Check { with: None, command: "run: cargo test" },
        ],
        update: Some(Update {
            lock: "Cargo.lock",
            paths: &["Cargo.lock"],
            command: "run: cargo update",
        }),
    },
    Ecosystem {
        name: "npm",
        markers: &["package.json"],
        check: "npm test",
        checks: &[
            Check { with: Some("package-lock.json"), command: "shell: npm ci && npm test" },
            Check { with: None, command: "shell: npm install && npm test" },
        ],
        update: Some(Update {
            lock: "package-lock.json",
            paths: &["package-lock.json"],
            command: "run: npm update --package-lock-only",
        }),
    },
    Ecosystem {
        name: "python",
        markers: &["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "pytest.ini"],
        check: "pytest",
        checks: &[
            Check { with: Some("uv.lock"), command: "run: uv run pytest" },
            Check {
                with: Some("poetry.lock"),
                command: "shell: poetry install && poetry run pytest",
            },
            Check { with: None, command: "run: python3 -m pytest" },
        ],
        update: Some(Update {
            lock: "uv.lock",
            paths: &["uv.lock"],
            command: "run: uv lock --upgrade",
        }),
    },
    Ecosystem {
        name: "go",
        markers: &["go.mod"],
        check: "go test",
        checks: &[Check { with: None, command: "run: go test ./..." }],
        update: Some(Update {
            lock: "go.sum",
            paths: &["go.mod", "go.sum"],
            command: "shell: go get -u ./... && go mod tidy",
        }),
    },
    Ecosystem {
        name: "maven",
        markers: &["pom.xml"],
        check: "maven",
        checks: &[
            Check { with: Some("mvnw"), command: "run: ./mvnw --batch-mode verify" },
            Check { with: None, command: "run: mvn --batch-mode verify" },
        ],
        update: None,
    },
    Ecosystem {
        name: "gradle",
        markers: &["build.gradle", "build.gradle.kts"],
        check: "gradle",
        checks: &[
            Check { with: Some("gradlew"), command: "run: ./gradlew check" },
            Check { with: None, command: "run: gradle check" },
        ],
        update: None,
    },
];
