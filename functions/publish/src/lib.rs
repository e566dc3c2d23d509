//! Verifies the checked diff once more and opens the pull request.
