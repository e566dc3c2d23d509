//! Variables that several programs have: one name and one meaning everywhere.

use super::Variable;

/// Where the log lies.
pub const LOG_PLACE: Variable = Variable::required(
    "LEVIATHAN_LOG_PLACE",
    "The log's bucket, and a prefix in it if it has one. The log is never deleted from.",
    "s3://example-leviathan-log",
);

/// Where data lies.
pub const DATA_PLACE: Variable = Variable::required(
    "LEVIATHAN_DATA_PLACE",
    "The bucket of snapshots, views and artifacts, and a prefix in it if it has one.",
    "s3://example-leviathan-data",
);

/// Where dispatch is sent its work.
pub const DISPATCH_QUEUE: Variable = Variable::required(
    "LEVIATHAN_DISPATCH_QUEUE",
    "The URL of the queue that dispatch is woken by.",
    "https://sqs.eu-central-1.amazonaws.com/123456789012/leviathan-dispatch",
);

/// Where publish is sent its work.
pub const PUBLISH_QUEUE: Variable = Variable::required(
    "LEVIATHAN_PUBLISH_QUEUE",
    "The URL of the queue that publish is woken by.",
    "https://sqs.eu-central-1.amazonaws.com/123456789012/leviathan-publish",
);

/// With what attempts' tokens are signed.
pub const ATTEMPT_KEY_SECRET: Variable = Variable::required(
    "LEVIATHAN_ATTEMPT_KEY_SECRET",
    "The name of the secret that attempts' tokens are signed with: the same for api and dispatch. \
     At least 32 random characters.",
    "secretsmanager:leviathan/attempt-key",
)
.naming_a_secret();

/// How long a secret is kept.
pub const SECRETS_REFRESH: Variable = Variable::default(
    "LEVIATHAN_SECRETS_REFRESH_SECONDS",
    "How long a secret that was read is kept before it is read again.",
    "60",
    "300",
);

/// Where GitHub's API is.
pub const GITHUB_API_URL: Variable = Variable::default(
    "LEVIATHAN_GITHUB_API_URL",
    "The address of GitHub's API; a GitHub Enterprise Server has its own.",
    "https://github.example.com/api/v3",
    "https://api.github.com",
);

/// Who we are at GitHub.
pub const GITHUB_APP_ID: Variable = Variable::required(
    "LEVIATHAN_GITHUB_APP_ID",
    "The id (or client id) of the GitHub App that is installed on the targets.",
    "123456",
);

/// How we show that.
pub const GITHUB_APP_KEY_SECRET: Variable = Variable::required(
    "LEVIATHAN_GITHUB_APP_KEY_SECRET",
    "The name of the secret that holds the GitHub App's private key, as GitHub gives it (PEM).",
    "secretsmanager:leviathan/github-app-key",
)
.naming_a_secret();
