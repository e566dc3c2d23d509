//! The ports on AWS: an S3 bucket, or any store that speaks S3's protocol, as object store.

mod s3_place;
mod s3_store;

pub use s3_place::{S3Place, S3PlaceError};
pub use s3_store::{S3OpenError, S3Store, TimeLimits};
