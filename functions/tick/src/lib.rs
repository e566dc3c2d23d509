//! One scheduling pass: sync backlogs, decide, queue, end what is stuck.
