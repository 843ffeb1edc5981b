//! What a pull request leads from and to, as its forge has it.

use serde_json::Value;

use crate::host::place;
use crate::host::reply::Refusal;
use crate::policy;

/// The two ends of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Its number.
    pub number: u64,
    /// Names of the commit that it would be merged into, the surest first; never none.
    pub base: Vec<String>,
    /// Its last commit; Bitbucket tells the first twelve digits of it.
    pub head: String,
}

impl Ends {
    /// Reads them where a forge's answer has the hash of the base, its branch, and the hash of the
    /// head.
    pub(super) fn read(
        number: u64,
        told: &Value,
        [base, branch, head]: [&str; 3],
    ) -> Result<Self, Refusal> {
        let text = |pointer: &str| told.pointer(pointer).and_then(Value::as_str);
        let hash = |pointer: &str| text(pointer).and_then(place::commit);
        Self::of(number, hash(base), text(branch), hash(head))
    }

    /// Puts them together.
    pub(super) fn of(
        number: u64,
        base: Option<String>,
        branch: Option<&str>,
        head: Option<String>,
    ) -> Result<Self, Refusal> {
        let odd = |what: &str| Refusal::Odd(format!("the pull request has no {what}"));
        let base: Vec<String> = base.into_iter().chain(branch.and_then(policy::remote)).collect();
        if base.is_empty() {
            return Err(odd("base"));
        }
        Ok(Self { number, base, head: head.ok_or_else(|| odd("head"))? })
    }
}
