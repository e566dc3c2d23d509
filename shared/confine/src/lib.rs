//! Runs a command that is not trusted: confined, limited, killed completely.
