//! The globs of the policies, made ready to match once in a pass. Making them ready costs a hundred
//! times what a match does: done for every task, a backlog of 2,000 tasks held a pass up for seconds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ids::TargetId;
use crate::paths::{PathProblem, Patterns};
use crate::policy::Policy;

/// Ready globs of the targets and scopes that were asked about in this pass.
#[derive(Debug, Default)]
pub struct PolicyPatterns {
    forbidden: RefCell<BTreeMap<TargetId, Ready>>,
    allowed: RefCell<BTreeMap<(TargetId, String), Ready>>,
}

/// Ready globs, or the one that can't be used.
type Ready = Rc<Result<Patterns, PathProblem>>;

impl PolicyPatterns {
    /// What the policy forbids to every task of the target.
    pub(super) fn forbidden(&self, target: &TargetId, policy: &Policy) -> Ready {
        let mut known = self.forbidden.borrow_mut();
        let ready = known
            .entry(target.clone())
            .or_insert_with(|| Rc::new(Patterns::ignoring_case(&policy.forbidden_paths)));
        Rc::clone(ready)
    }

    /// What the policy allows to tasks of this scope of the target.
    pub(super) fn allowed(&self, target: &TargetId, scope: &str, globs: &[String]) -> Ready {
        let mut known = self.allowed.borrow_mut();
        let ready = known
            .entry((target.clone(), scope.to_owned()))
            .or_insert_with(|| Rc::new(Patterns::new(globs)));
        Rc::clone(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_question_about_the_same_scope_makes_nothing_ready_again() {
        let patterns = PolicyPatterns::default();
        let (shop, docs): (TargetId, TargetId) = ("shop".parse().unwrap(), "docs".parse().unwrap());
        let globs = vec!["src/**".to_owned()];
        let first = patterns.allowed(&shop, "code", &globs);
        assert!(Rc::ptr_eq(&first, &patterns.allowed(&shop, "code", &globs)));
        assert!(!Rc::ptr_eq(&first, &patterns.allowed(&shop, "docs", &globs)));
        assert!(!Rc::ptr_eq(&first, &patterns.allowed(&docs, "code", &globs)));
        let policy = crate::decide::tests::story::policy();
        let first = patterns.forbidden(&shop, &policy);
        assert!(Rc::ptr_eq(&first, &patterns.forbidden(&shop, &policy)));
        assert!(!Rc::ptr_eq(&first, &patterns.forbidden(&docs, &policy)));
    }
}
