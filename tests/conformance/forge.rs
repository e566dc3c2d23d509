//! What the forge port promises, as checks, on one new repository each time.

pub(crate) mod place;
mod pull_requests;
mod reading;
mod writing;

pub(crate) use place::Place;
pub(crate) use pull_requests::*;
pub(crate) use reading::*;
pub(crate) use writing::*;

/// Hands the names of all checks to a macro that makes tests of them.
macro_rules! checks {
    ($make_tests:ident) => {
        $make_tests! {
            the_head_is_where_the_default_branch_stands,
            files_are_read_as_they_are,
            what_is_no_regular_file_is_none,
            a_git_commit_that_is_not_there_is_an_error,
            a_git_commit_holds_exactly_the_change,
            a_change_against_other_content_is_refused,
            files_and_folders_may_take_each_others_place,
            a_branch_is_created_once_and_never_moved,
            only_branches_of_ours_at_git_commits_that_exist_are_created,
            a_pull_request_is_opened_once,
            a_pull_request_without_a_branch_is_refused,
            a_merge_is_seen_and_holds_the_change,
            a_conflict_names_the_files_and_changes_nothing,
            a_branch_that_was_pushed_to_is_neither_merged_nor_deleted,
            closing_deletes_the_branch_and_is_seen,
        }
    };
}
pub(crate) use checks;
