//! The tables of variables: what they say is taken by the programs, and `docs/configuration.md` holds
//! every variable of every program. After a change:
//! `LEVIATHAN_UPDATE_DOCS=1 cargo test -p leviathan-tests --features emulators --test functions page`

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use leviathan_api::config::ApiConfig;
use leviathan_pr_ingest::config::PrIngestConfig;
use leviathan_publish::config::PublishConfig;
use leviathan_runtime::config::{ConfigError, Need, PREFIX, Variable, table};
use leviathan_tick::config::TickConfig;

const BEGIN: &str = "<!-- variables: begin; written by tests/functions/page.rs -->";
const END: &str = "<!-- variables: end -->";

type Environment = Vec<(OsString, OsString)>;

/// A program, its table, and its reading.
type Program = (&'static str, &'static [Variable], fn(Environment) -> Result<(), ConfigError>);

const PROGRAMS: [Program; 4] = [
    ("api", leviathan_api::config::VARIABLES, |it| ApiConfig::read(it).map(drop)),
    ("tick", leviathan_tick::config::VARIABLES, |it| TickConfig::read(it).map(drop)),
    ("pr-ingest", leviathan_pr_ingest::config::VARIABLES, |it| PrIngestConfig::read(it).map(drop)),
    ("publish", leviathan_publish::config::VARIABLES, |it| PublishConfig::read(it).map(drop)),
];

fn set(variable: &Variable) -> (OsString, OsString) {
    (variable.name.into(), variable.example.into())
}

#[test]
fn every_example_is_taken() {
    for (program, variables, read) in PROGRAMS {
        let all: Environment = variables.iter().map(set).collect();
        assert_eq!(read(all), Ok(()), "{program}");
    }
}

#[test]
fn what_is_required_alone_is_enough_and_less_is_not() {
    for (program, variables, read) in PROGRAMS {
        let required = || variables.iter().filter(|it| it.need == Need::Required);
        assert_eq!(read(required().map(set).collect()), Ok(()), "{program}");
        for left_out in required() {
            let others = required().filter(|it| it.name != left_out.name);
            let error = read(others.map(set).collect()).unwrap_err();
            assert_eq!(error.faults.len(), 1, "{program}: {error}");
            assert!(error.to_string().contains(&format!("{} is not set", left_out.name)));
        }
    }
}

#[test]
fn the_documented_variables_are_the_real_ones() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let documented = fs::read_to_string(&file).unwrap();
    let (before, rest) = documented.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let mut real = String::from("\n");
    for (program, variables, _) in PROGRAMS {
        real.push_str(&format!("\n## `{program}`\n\n{}", table(variables)));
    }
    real.push('\n');
    if std::env::var_os("LEVIATHAN_UPDATE_DOCS").is_some() {
        fs::write(&file, format!("{before}{BEGIN}{real}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(written, real, "see the head of this file for how to update the page");
}

#[test]
fn each_variable_is_explained() {
    for (program, variables, _) in PROGRAMS {
        for variable in variables {
            let Variable { name, purpose, example, .. } = variable;
            assert!(name.starts_with(PREFIX), "{program}: {name}");
            assert!(purpose.ends_with('.') && purpose.len() > 20, "{program}: {name}: {purpose}");
            assert!(!example.is_empty() && !purpose.contains('|'), "{program}: {name}");
            let same = variables.iter().filter(|other| other.name == *name).count();
            assert_eq!(same, 1, "{program}: {name}");
        }
    }
}
