//! Rules of the tree that a compiler does not hold: arrows between crates, what is linked where,
//! purity of core, a header in each file. Each check is shown to bite on a sample that breaks it.
#![expect(clippy::expect_used, reason = "a check that cannot look fails, with the cause")]

mod arrows;
mod files;
mod pages;
mod purity;
mod target_files;
mod tree;
