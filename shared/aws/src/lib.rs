//! The ports on AWS: an S3 bucket, or any store that speaks S3's protocol, as object store; SQS as
//! queue; a key in KMS as signer. And secrets by their names. Each is a cargo feature, so that a
//! program compiles and links what it uses.

#[cfg(feature = "kms")]
mod kms_signer;
#[cfg(feature = "s3")]
mod s3_place;
#[cfg(feature = "s3")]
mod s3_store;
#[cfg(feature = "secrets")]
mod secrets;
#[cfg(feature = "sqs")]
mod sqs_queue;
mod surroundings;
mod words;

#[cfg(feature = "kms")]
pub use kms_signer::{KmsOpenError, KmsSigner};
#[cfg(feature = "s3")]
pub use s3_place::{S3Place, S3PlaceError};
#[cfg(feature = "s3")]
pub use s3_store::{S3OpenError, S3Store, TimeLimits};
#[cfg(feature = "secrets")]
pub use secrets::{Secret, SecretError, SecretName, SecretNameError, Secrets};
#[cfg(feature = "sqs")]
pub use sqs_queue::{NotAMessage, QueueUrl, QueueUrlError, QueueUrls, SqsQueue, message};
pub use surroundings::{NoRegion, Surroundings};
