//! What can be wrong with a configuration, and how it is told.

use std::fmt::{self, Display};

use super::{PREFIX, Variable};

/// The most of a wrong value that is shown, in characters.
const SHOWN: usize = 120;

/// How alike two names have to be, behind the prefix, for one to be proposed for the other.
const ALIKE: f64 = 0.7;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A variable that has to be there is not.
    Missing {
        /// Which.
        variable: Variable,
    },
    /// A value can't be taken.
    Bad {
        /// Of which variable.
        variable: Variable,
        /// The value, short; `None` where it could be a secret.
        value: Option<String>,
        /// Why, for a person; `None` where that could repeat a secret.
        problem: Option<String>,
    },
    /// A value is not UTF-8.
    NotText {
        /// Of which variable.
        variable: Variable,
    },
    /// The program has no such variable.
    Unknown {
        /// The name that is set.
        name: String,
        /// A name that was perhaps meant.
        meant: Option<&'static str>,
    },
}

impl Fault {
    pub(super) fn bad(variable: Variable, value: String, problem: &impl Display) -> Self {
        if variable.names_secret {
            return Self::Bad { variable, value: None, problem: None };
        }
        let value = value.chars().take(SHOWN).collect();
        Self::Bad { variable, value: Some(value), problem: Some(problem.to_string()) }
    }

    pub(super) fn unknown(name: String, table: &[Variable]) -> Self {
        let likeness = |variable: &Variable| {
            let own = |name| str::strip_prefix(name, PREFIX).unwrap_or(name);
            strsim::normalized_levenshtein(own(&name), own(variable.name))
        };
        let nearest = table
            .iter()
            .filter(|variable| likeness(variable) >= ALIKE)
            .max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        let meant = nearest.map(|variable| variable.name);
        Self::Unknown { name, meant }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Missing { variable }
            | Self::Bad { variable, .. }
            | Self::NotText { variable } => variable.name,
            Self::Unknown { name, .. } => name,
        }
    }
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { variable } => {
                let Variable { name, purpose, example, .. } = variable;
                write!(formatter, "{name} is not set. {purpose} Example: {example}")
            }
            Self::Bad { variable, value, problem } => {
                let Variable { name, purpose, example, .. } = variable;
                write!(formatter, "{name} is set to ")?;
                match value {
                    Some(value) => write!(formatter, "{value:?}")?,
                    None => {
                        formatter.write_str("something that is not shown, as it may be a secret")?
                    }
                }
                match problem {
                    Some(problem) => write!(formatter, ": {problem}.")?,
                    None => write!(formatter, ", and is no name of one. {purpose}")?,
                }
                write!(formatter, " Example: {example}")
            }
            Self::NotText { variable } => {
                write!(formatter, "{} is not UTF-8. Example: {}", variable.name, variable.example)
            }
            Self::Unknown { name, meant: Some(meant) } => {
                write!(formatter, "{name:?} means nothing to this program; {meant} may be meant")
            }
            Self::Unknown { name, meant: None } => {
                write!(formatter, "{name:?} means nothing to this program; take it away")
            }
        }
    }
}

/// Everything that is wrong with a program's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// By the variables' names.
    pub faults: Vec<Fault>,
}

impl Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the configuration has {} fault(s):", self.faults.len())?;
        for fault in &self.faults {
            write!(formatter, "\n- {fault}")?;
        }
        formatter.write_str("\ndocs/configuration.md has every variable")
    }
}

impl std::error::Error for ConfigError {}
