//! A store named on the command line: a folder, or a bucket and a prefix.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use leviathan_core::ports::ObjectStore;
use leviathan_local::folder_store::FolderStore;

use crate::error::CommandError;

/// How a store on S3 is spelled.
const S3: &str = "s3://";

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// `s3://BUCKET/PREFIX`, as it was written.
    S3(String),
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing is made or changed; a folder that is missing is an error.
    Read,
    /// Nothing is made or changed; a folder that is missing is a store without objects.
    Peek,
    /// Objects are made; a folder that is missing is an error.
    Append,
    /// A folder that is missing is made.
    Write,
}

impl Place {
    /// The store there.
    pub async fn open(&self, access: Access) -> Result<Arc<dyn ObjectStore>, CommandError> {
        match (self, access) {
            (Self::Folder(folder), Access::Read | Access::Append) if !folder.is_dir() => {
                Err(CommandError::not_found(
                    format!("there is no folder {}", folder.display()),
                    "check the path",
                ))
            }
            (Self::Folder(folder), Access::Read | Access::Peek) => {
                Ok(Arc::new(FolderStore::read_only(folder)))
            }
            (Self::Folder(folder), Access::Write | Access::Append) => {
                match FolderStore::open(folder) {
                    Ok(store) => Ok(Arc::new(store)),
                    Err(error) => Err(CommandError::failed(
                        format!("the folder {} can't be opened: {error}", folder.display()),
                        "check its permissions, or name another one",
                    )),
                }
            }
            (Self::S3(text), _) => s3(text).await,
        }
    }
}

#[cfg(feature = "s3")]
async fn s3(text: &str) -> Result<Arc<dyn ObjectStore>, CommandError> {
    let place = text.parse::<leviathan_aws::S3Place>().map_err(|problem| {
        CommandError::new(crate::exit::Exit::Usage, problem.to_string(), "check how it is spelled")
    })?;
    match leviathan_aws::S3Store::open(place).await {
        Ok(store) => Ok(Arc::new(store)),
        Err(problem) => Err(CommandError::failed(problem.to_string(), "")),
    }
}

#[cfg(not(feature = "s3"))]
async fn s3(text: &str) -> Result<Arc<dyn ObjectStore>, CommandError> {
    Err(CommandError::failed(
        format!("this leviathanctl was built without S3, so {text} can't be opened"),
        "build it with `cargo build --release -p leviathanctl --features s3`",
    ))
}

impl FromStr for Place {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        if text.starts_with(S3) {
            return Ok(Self::S3(text.to_owned()));
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::S3(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_told_from_a_folder_by_its_scheme() {
        for (text, place) in [
            ("/var/lib/log", Place::Folder("/var/lib/log".into())),
            ("backup", Place::Folder("backup".into())),
            ("s3:/odd", Place::Folder("s3:/odd".into())),
            ("s3://bucket/prefix", Place::S3("s3://bucket/prefix".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(place.clone()));
            assert_eq!(place.to_string(), text);
        }
    }
}
