//! Policy statements (control-plane.md 5.11):
//! `allow user NAME to VERB RESOURCES in tenancy`, `… in compartment NAME`,
//! `… in compartment id OCID`. Words are told apart without regard to case, names with it.

/// What may be done. A verb includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// List.
    Inspect,
    /// Get, contents included.
    Read,
    /// Change, and act on.
    Use,
    /// Create, delete, move.
    Manage,
}

/// Every verb with its word.
pub const VERBS: [(&str, Verb); 4] = [
    ("inspect", Verb::Inspect),
    ("read", Verb::Read),
    ("use", Verb::Use),
    ("manage", Verb::Manage),
];

/// What things are done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// Domain group.
    DomainGroup,
    /// Domain.
    Domain,
    /// Flow runtime.
    FlowRuntime,
    /// Work request.
    WorkRequest,
    /// Model.
    Model,
    /// Adapter.
    Adapter,
    /// Instance.
    Instance,
    /// Relationship.
    Relationship,
    /// Vault secret.
    Secret,
    /// Version of a vault secret.
    SecretVersion,
    /// Content of a vault secret.
    SecretBundle,
}

use ResourceType::{
    Adapter, Domain, DomainGroup, FlowRuntime, Instance, Model, Relationship, Secret, SecretBundle,
    SecretVersion, WorkRequest,
};

/// Words for resources, each with the types it covers.
const RESOURCES: [(&str, &[ResourceType]); 16] = [
    (
        "all-resources",
        &[
            DomainGroup,
            Domain,
            FlowRuntime,
            WorkRequest,
            Model,
            Adapter,
            Instance,
            Relationship,
            Secret,
            SecretVersion,
            SecretBundle,
        ],
    ),
    (
        "iot-family",
        &[DomainGroup, Domain, FlowRuntime, WorkRequest, Model, Adapter, Instance, Relationship],
    ),
    ("iot-domain-family", &[DomainGroup, Domain, FlowRuntime, WorkRequest]),
    ("iot-digital-twin-family", &[Model, Adapter, Instance, Relationship]),
    ("secret-family", &[Secret, SecretVersion, SecretBundle]),
    ("iot-domain-group", &[DomainGroup]),
    ("iot-domain", &[Domain]),
    ("iot-flow-runtime", &[FlowRuntime]),
    ("iot-work-request", &[WorkRequest]),
    ("iot-digital-twin-model", &[Model]),
    ("iot-digital-twin-adapter", &[Adapter]),
    ("iot-digital-twin-instance", &[Instance]),
    ("iot-digital-twin-relationship", &[Relationship]),
    ("secrets", &[Secret]),
    ("secret-versions", &[SecretVersion]),
    ("secret-bundles", &[SecretBundle]),
];

impl ResourceType {
    /// The word that means it alone in a statement.
    pub fn word(self) -> &'static str {
        let alone = RESOURCES.iter().find(|(_, types)| *types == [self]);
        alone.map(|(word, _)| *word).expect("every type has a word of its own, as a test checks")
    }

    /// Its words in refusals.
    pub fn kind(self) -> &'static str {
        match self {
            DomainGroup => "IoT domain group",
            Domain => "IoT domain",
            FlowRuntime => "IoT flow runtime",
            WorkRequest => "work request",
            Model => "digital twin model",
            Adapter => "digital twin adapter",
            Instance => "digital twin instance",
            Relationship => "digital twin relationship",
            Secret | SecretVersion | SecretBundle => "secret",
        }
    }
}

/// Where a statement holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Tenancy,
    /// In the compartment of this name.
    Named(String),
    /// In the compartment with this OCID.
    Id(String),
}

/// One statement, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Name of the user it is about.
    pub user: String,
    /// What the user may do, at most.
    pub verb: Verb,
    /// To what.
    pub resources: &'static [ResourceType],
    /// Where.
    pub scope: Scope,
}

/// Why a text is no statement, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementError {
    /// The word that is wrong, from 1; one more than there are when the text ends too early.
    pub word: usize,
    /// What was expected.
    pub expected: String,
    /// What stands there.
    pub found: Option<String>,
}

impl std::fmt::Display for StatementError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let StatementError { word, expected, found } = self;
        match found {
            Some(found) => write!(f, "word {word} is '{found}', expected {expected}"),
            None => write!(f, "it ends before word {word}, expected {expected}"),
        }
    }
}

impl std::error::Error for StatementError {}

/// The form of a statement, for help texts.
pub const FORM: &str = "allow user NAME to inspect|read|use|manage RESOURCES in tenancy|compartment NAME|compartment id OCID";

impl Statement {
    /// Reads a statement.
    ///
    /// # Errors
    /// The first word that is wrong.
    pub fn parse(text: &str) -> Result<Statement, StatementError> {
        let mut words = Words { words: text.split_whitespace().collect(), at: 0 };
        words.expect("allow")?;
        words.expect("user")?;
        let user = words.next("the name of the user")?.to_owned();
        words.expect("to")?;
        let verb = words.one_of(&VERBS)?;
        let resources = words.one_of(&RESOURCES)?;
        words.expect("in")?;
        let place = [("tenancy", false), ("compartment", true)];
        let scope = if words.one_of(&place)? {
            let name = words.next("the name of a compartment")?;
            if name.eq_ignore_ascii_case("id") && !words.ended() {
                Scope::Id(words.next("the OCID of a compartment")?.to_owned())
            } else {
                Scope::Named(name.to_owned())
            }
        } else {
            Scope::Tenancy
        };
        if !words.ended() {
            return Err(words.wrong("the end of the statement".to_owned()));
        }
        Ok(Statement { user, verb, resources, scope })
    }
}

/// The words of a statement, one after another.
struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self, expected: &str) -> Result<&'a str, StatementError> {
        let Some(word) = self.words.get(self.at).copied() else {
            return Err(self.wrong(expected.to_owned()));
        };
        self.at += 1;
        Ok(word)
    }

    fn expect(&mut self, keyword: &str) -> Result<(), StatementError> {
        self.one_of(&[(keyword, ())])
    }

    fn one_of<T: Copy>(&mut self, known: &[(&str, T)]) -> Result<T, StatementError> {
        let here = self.words.get(self.at).copied().unwrap_or_default();
        let Some((_, value)) = known.iter().find(|(word, _)| word.eq_ignore_ascii_case(here))
        else {
            let names: Vec<String> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
            return Err(self.wrong(names.join(", ")));
        };
        self.at += 1;
        Ok(*value)
    }

    fn ended(&self) -> bool {
        self.at == self.words.len()
    }

    fn wrong(&self, expected: String) -> StatementError {
        let found = self.words.get(self.at).map(|word| (*word).to_owned());
        StatementError { word: self.at + 1, expected, found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_in_any_case() {
        let parsed = Statement::parse("Allow User ann TO Manage iot-family IN compartment plant");
        let parsed = parsed.unwrap();
        assert_eq!((parsed.user.as_str(), parsed.verb), ("ann", Verb::Manage));
        assert_eq!(parsed.scope, Scope::Named("plant".to_owned()));
        assert!(parsed.resources.contains(&Instance) && !parsed.resources.contains(&Secret));
        let scope = |text: &str| Statement::parse(&format!("allow user a to read {text}"));
        assert_eq!(scope("secrets in tenancy").unwrap().scope, Scope::Tenancy);
        let by_id = scope("secrets in compartment id ocid1.c").unwrap().scope;
        assert_eq!(by_id, Scope::Id("ocid1.c".to_owned()));
        let named_id = scope("secrets in compartment id").unwrap().scope;
        assert_eq!(named_id, Scope::Named("id".to_owned()));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let is = |text: &str, word: usize, expected: &str| {
            let error = Statement::parse(text).unwrap_err();
            assert_eq!(error.word, word, "{text}: {error}");
            assert!(error.to_string().contains(expected), "{text}: {error}");
        };
        is("", 1, "`allow`");
        is("allow group g to read secrets in tenancy", 2, "`user`");
        is("allow user", 3, "the name of the user");
        is("allow user a to own secrets in tenancy", 5, "`manage`");
        is("allow user a to read iot in tenancy", 6, "`iot-digital-twin-family`");
        is("allow user a to read secrets in space", 8, "`tenancy`, `compartment`");
        is("allow user a to read secrets in compartment", 9, "the name of a compartment");
        is("allow user a to read secrets in tenancy now", 9, "the end");
    }

    #[test]
    fn every_type_has_a_word_of_its_own() {
        for kind in RESOURCES[0].1 {
            assert!(!kind.word().ends_with("family"), "{kind:?}");
        }
    }
}
