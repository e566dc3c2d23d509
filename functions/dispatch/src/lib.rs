//! Turns a queued attempt into a Job, and keeps Jobs and state in step.
