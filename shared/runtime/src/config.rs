//! Configuration out of environment variables. A program has one table of its variables: what it
//! reads, what it complains about and what docs/configuration.md says come from there. All faults are
//! told at once, each with the variable, its value and an example; what is misspelt is a fault too, so
//! that a program never starts with something else than what was meant.

mod faults;
mod page;
pub mod variables;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::str::FromStr;

pub use faults::{ConfigError, Fault};
pub use page::table;

/// How every variable of ours begins.
pub const PREFIX: &str = "LEVIATHAN_";

/// What is written to the log, for every program.
pub const LOG: Variable = Variable::default(
    "LEVIATHAN_LOG",
    "Which log lines are written: a level, or levels by module.",
    "info,leviathan_log=debug",
    "info",
);

/// One environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name, which begins with [`PREFIX`].
    pub name: &'static str,
    /// What it is for: whole sentences.
    pub purpose: &'static str,
    /// A value that is taken.
    pub example: &'static str,
    /// What holds without it.
    pub need: Need,
    /// It names a secret. Somebody may put the secret itself there by mistake, so no value of it is
    /// ever shown.
    pub names_secret: bool,
}

/// What holds where a variable is not set. One that is set to nothing counts as not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The program does not start.
    Required,
    /// It has this value.
    Default(&'static str),
    /// What it would switch on is off.
    Optional,
}

impl Variable {
    /// A variable that has to be there.
    pub const fn required(
        name: &'static str,
        purpose: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, purpose, example, need: Need::Required, names_secret: false }
    }

    /// A variable that can be left out.
    pub const fn optional(
        name: &'static str,
        purpose: &'static str,
        example: &'static str,
    ) -> Self {
        Self { name, purpose, example, need: Need::Optional, names_secret: false }
    }

    /// A variable that has this value where it is left out.
    pub const fn default(
        name: &'static str,
        purpose: &'static str,
        example: &'static str,
        value: &'static str,
    ) -> Self {
        Self { name, purpose, example, need: Need::Default(value), names_secret: false }
    }

    /// The same variable, which names a secret.
    #[must_use]
    pub const fn naming_a_secret(self) -> Self {
        Self { names_secret: true, ..self }
    }
}

/// Reads the variables of one table, and keeps what is wrong with them.
#[derive(Debug)]
pub struct Reader {
    values: BTreeMap<String, Result<String, OsString>>,
    faults: Vec<Fault>,
}

impl Reader {
    /// Reads this environment. A variable of ours that is not in the table is a fault.
    pub fn new(
        table: &[Variable],
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut values = BTreeMap::new();
        let mut faults = Vec::new();
        for (name, value) in environment {
            let Ok(name) = name.into_string() else { continue };
            if !name.starts_with(PREFIX) {
                continue;
            }
            if table.iter().any(|variable| variable.name == name) {
                if !value.is_empty() {
                    values.insert(name, value.into_string());
                }
            } else {
                faults.push(Fault::unknown(name, table));
            }
        }
        Self { values, faults }
    }

    /// The value of a variable that is required or has a default; `None` only where that is a fault.
    pub fn get<T>(&mut self, variable: &Variable) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        let value = match (self.values.remove(variable.name), variable.need) {
            (Some(Ok(value)), _) => value,
            (Some(Err(_)), _) => {
                self.faults.push(Fault::NotText { variable: *variable });
                return None;
            }
            (None, Need::Default(value)) => value.to_owned(),
            (None, _) => {
                self.faults.push(Fault::Missing { variable: *variable });
                return None;
            }
        };
        match value.parse() {
            Ok(value) => Some(value),
            Err(problem) => {
                self.faults.push(Fault::bad(*variable, value, &problem));
                None
            }
        }
    }

    /// The value of a variable that can be left out.
    pub fn get_optional<T>(&mut self, variable: &Variable) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        if self.values.contains_key(variable.name) { self.get(variable) } else { None }
    }

    /// What was built out of the values, if there is no fault.
    pub fn finish<T>(mut self, built: Option<T>) -> Result<T, ConfigError> {
        self.faults.sort_by(|one, other| one.name().cmp(other.name()));
        match built {
            Some(built) if self.faults.is_empty() => Ok(built),
            _ => Err(ConfigError { faults: self.faults }),
        }
    }
}

/// Text that is taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl FromStr for Text {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}
