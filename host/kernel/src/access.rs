//! Who may call a function (W1): decided on the immediate caller, and on nobody behind it.
//!
//! A plugin in the chain never carries its caller's authority: a call through a plugin passes only where the function
//! admits `plugin`, whoever began it. This decides nothing about consent (W2), which a function asks for itself.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_reflect::Id;

use crate::call::{Actor, CallError};

/// Who calls a function directly.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Immediate<'a> {
    /// The actor, with nothing in between.
    Actor(&'a Actor),
    /// Another plugin.
    Plugin,
    /// The host itself: schedules and event deliveries.
    Host,
}

/// How a person stands in the community.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// She takes part.
    pub active: bool,
    /// She is under age: her guardian acts for her.
    pub ward: bool,
}

/// What access needs to know of people, read in the running transaction.
pub(crate) trait People {
    /// How this person stands.
    fn standing(&mut self, person: Id) -> Result<Standing, CallError>;
    /// Whether she is in a group.
    fn is_in_group(&mut self, person: Id, group: &str) -> Result<bool, CallError>;
}

/// W1: `Denied` unless one of the function's words admits the caller. A person under age changes nothing by herself but
/// what a function lets her change (`ward`), whatever else it says.
pub(crate) fn check(
    rule: &FunctionRule,
    caller: Immediate<'_>,
    people: &mut dyn People,
) -> Result<(), CallError> {
    let standing = match caller {
        Immediate::Actor(Actor::Person(person)) => people.standing(*person)?,
        _ => Standing::default(),
    };
    let ward = standing.ward && rule.kind == Kind::Command;
    for access in &rule.access {
        let admitted = match (access, caller) {
            (Access::Ward, _) => ward && standing.active,
            _ if ward => false,
            (Access::Plugin, Immediate::Plugin)
            | (Access::Schedule, Immediate::Host)
            | (Access::Public, Immediate::Actor(_))
            | (Access::Device, Immediate::Actor(Actor::Device(_)))
            | (Access::Decision, Immediate::Actor(Actor::Decision(_)))
            | (Access::Neighbour, Immediate::Actor(Actor::Neighbour(_)))
            | (Access::Console, Immediate::Actor(Actor::Console)) => true,
            (Access::Member, Immediate::Actor(Actor::Person(_))) => standing.active,
            (Access::Group(group), Immediate::Actor(Actor::Person(person))) => {
                standing.active && people.is_in_group(*person, group)?
            }
            _ => false,
        };
        if admitted {
            return Ok(());
        }
    }
    if ward {
        let why = "whoever is under age here does not do this alone: her guardian does it for her";
        return Err(CallError::denied(why.to_owned()));
    }
    Err(CallError::denied(refusal(rule, caller)))
}

/// Whom the function admits, in a sentence.
fn refusal(rule: &FunctionRule, caller: Immediate<'_>) -> String {
    let words: Vec<String> = rule.access.iter().map(describe).collect();
    let admitted = if words.is_empty() { "nobody".to_owned() } else { words.join(", ") };
    let who = match caller {
        Immediate::Plugin => "a plugin",
        Immediate::Host => "the host",
        Immediate::Actor(Actor::Person(_)) => "this person",
        Immediate::Actor(Actor::Device(_)) => "a device",
        Immediate::Actor(Actor::Plugin(_)) => "a plugin's own schedule or handler",
        Immediate::Actor(Actor::Decision(_)) => "a decision",
        Immediate::Actor(Actor::Neighbour(_)) => "a neighbour",
        Immediate::Actor(Actor::Console) => "the console",
        Immediate::Actor(Actor::Anyone) => "somebody who is not signed in",
    };
    format!("the function admits {admitted}, and it was called by {who}")
}

fn describe(access: &Access) -> String {
    match access {
        Access::Public => "anyone".into(),
        Access::Member => "members".into(),
        Access::Ward => "people under age by themselves".into(),
        Access::Group(group) => format!("the group {group}"),
        Access::Plugin => "plugins".into(),
        Access::Device => "devices".into(),
        Access::Decision => "decisions".into(),
        Access::Neighbour => "neighbours".into(),
        Access::Console => "the console".into(),
        Access::Schedule => "the host".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hamlet_bundle::Kind;

    use super::*;

    struct Village;

    impl People for Village {
        fn standing(&mut self, person: Id) -> Result<Standing, CallError> {
            Ok(Standing { active: person.0 < 10, ward: person.0 == 7 || person.0 == 77 })
        }
        fn is_in_group(&mut self, person: Id, group: &str) -> Result<bool, CallError> {
            Ok(person.0 == 1 && group == "bakers")
        }
    }

    fn admits(access: Access, caller: Immediate<'_>) -> bool {
        let rule = FunctionRule::new(Kind::Command, vec![access]);
        check(&rule, caller, &mut Village).is_ok()
    }

    #[test]
    fn w1_a_person_under_age_sees_like_a_member_and_changes_only_what_says_so() {
        let (child, gone) = (Actor::Person(Id(7)), Actor::Person(Id(77)));
        let baker = Actor::Person(Id(1));
        let rule = |kind, access: &[Access]| FunctionRule {
            kind,
            access: access.to_vec(),
            reentrant: false,
            long: false,
        };
        let may =
            |actor: &Actor, rule: &FunctionRule| check(rule, Immediate::Actor(actor), &mut Village).is_ok();
        for access in [Access::Public, Access::Member] {
            assert!(may(&child, &rule(Kind::Query, std::slice::from_ref(&access))), "{access} sees");
            assert!(!may(&child, &rule(Kind::Command, std::slice::from_ref(&access))), "{access} changes");
        }
        assert!(!may(&child, &rule(Kind::Command, &[Access::Group("bakers".into()), Access::Console])));
        let open = rule(Kind::Command, &[Access::Member, Access::Ward]);
        assert!(may(&child, &open) && may(&baker, &open) && !may(&gone, &open));
        let only = rule(Kind::Command, &[Access::Ward]);
        assert!(may(&child, &only) && !may(&baker, &only), "`ward` admits nobody else");
        assert!(!may(&Actor::Console, &only) && !may(&Actor::Device(Id(7)), &only));
    }

    #[test]
    fn w1_access_is_decided_on_the_immediate_caller_alone() {
        let baker = Actor::Person(Id(1));
        let neighbour = Actor::Neighbour(Arc::from("hill"));
        let words = [
            Access::Public,
            Access::Member,
            Access::Group("bakers".into()),
            Access::Plugin,
            Access::Device,
            Access::Decision,
            Access::Neighbour,
            Access::Console,
            Access::Schedule,
        ];
        // Per caller: which of the words admit it.
        let table: [(Immediate<'_>, [bool; 9]); 10] = [
            (Immediate::Actor(&baker), [true, true, true, false, false, false, false, false, false]),
            (
                Immediate::Actor(&Actor::Person(Id(2))),
                [true, true, false, false, false, false, false, false, false],
            ),
            (
                Immediate::Actor(&Actor::Person(Id(99))),
                [true, false, false, false, false, false, false, false, false],
            ),
            (Immediate::Plugin, [false, false, false, true, false, false, false, false, false]),
            (Immediate::Host, [false, false, false, false, false, false, false, false, true]),
            (
                Immediate::Actor(&Actor::Device(Id(1))),
                [true, false, false, false, true, false, false, false, false],
            ),
            (
                Immediate::Actor(&Actor::Decision(Id(1))),
                [true, false, false, false, false, true, false, false, false],
            ),
            (Immediate::Actor(&neighbour), [true, false, false, false, false, false, true, false, false]),
            (
                Immediate::Actor(&Actor::Console),
                [true, false, false, false, false, false, false, true, false],
            ),
            (
                Immediate::Actor(&Actor::Anyone),
                [true, false, false, false, false, false, false, false, false],
            ),
        ];
        for (caller, expected) in table {
            for (word, expected) in words.iter().zip(expected) {
                assert_eq!(admits(word.clone(), caller), expected, "{word:?} for {caller:?}");
            }
        }
    }

    #[test]
    fn w1_a_function_that_admits_nobody_is_refused_with_a_sentence() {
        let rule = FunctionRule::new(Kind::Query, vec![Access::Member]);
        let error = check(&rule, Immediate::Plugin, &mut Village).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not allowed: the function admits members, and it was called by a plugin"
        );
    }
}
