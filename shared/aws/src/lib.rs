//! The ports on AWS: an S3 bucket, or any store that speaks S3's protocol, as object store; a key in
//! KMS as signer.

mod kms_signer;
mod s3_place;
mod s3_store;
mod words;

pub use kms_signer::{KmsOpenError, KmsSigner};
pub use s3_place::{S3Place, S3PlaceError};
pub use s3_store::{S3OpenError, S3Store, TimeLimits};
