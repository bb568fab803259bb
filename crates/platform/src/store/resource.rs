//! Resources of the control plane as one family, so that a backend reads, lists, writes and deletes
//! them in one way.

use super::StoreError;
use super::records::{
    Adapter, Common, Domain, DomainGroup, FlowRuntime, Instance, Lifecycle, Model, Relationship,
};
use super::work::{SavedAnswer, WorkRequest};
use crate::list::Field;

/// Kinds of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Domain group.
    DomainGroup,
    /// Domain.
    Domain,
    /// Model.
    Model,
    /// Adapter.
    Adapter,
    /// Instance.
    Instance,
    /// Relationship.
    Relationship,
    /// Flow runtime.
    FlowRuntime,
}

impl Kind {
    /// Words for messages.
    pub fn words(self) -> &'static str {
        match self {
            Kind::DomainGroup => "IoT domain group",
            Kind::Domain => "IoT domain",
            Kind::Model => "digital twin model",
            Kind::Adapter => "digital twin adapter",
            Kind::Instance => "digital twin instance",
            Kind::Relationship => "digital twin relationship",
            Kind::FlowRuntime => "IoT flow runtime",
        }
    }

    /// Type word of its OCIDs (control-plane.md 1.5), which work requests use as entity type.
    pub fn type_word(self) -> &'static str {
        match self {
            Kind::DomainGroup => "iotdomaingroup",
            Kind::Domain => "iotdomain",
            Kind::Model => "iotdigitaltwinmodel",
            Kind::Adapter => "iotdigitaltwinadapter",
            Kind::Instance => "iotdigitaltwininstance",
            Kind::Relationship => "iotdigitaltwinrelationship",
            Kind::FlowRuntime => "iotflowruntime",
        }
    }
}

/// A resource of any kind.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the kinds")]
pub enum Record {
    DomainGroup(DomainGroup),
    Domain(Domain),
    Model(Model),
    Adapter(Adapter),
    Instance(Instance),
    Relationship(Relationship),
    FlowRuntime(FlowRuntime),
}

/// A kind of resource as a type.
pub trait Resource: Clone + Into<Record> + Send + 'static {
    /// Which kind.
    const KIND: Kind;
    /// The record, if it is of this kind.
    fn of(record: Record) -> Option<Self>;
    /// What all resources have.
    fn common(&self) -> &Common;
    /// The same, to be changed.
    fn common_mut(&mut self) -> &mut Common;
}

macro_rules! resources {
    ($($name:ident),*) => {
        impl Kind {
            /// All kinds.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];
        }

        impl Record {
            /// What all resources have.
            pub fn common(&self) -> &Common {
                match self {
                    $(Record::$name(resource) => &resource.common,)*
                }
            }
        }

        $(
        impl From<$name> for Record {
            fn from(resource: $name) -> Record {
                Record::$name(resource)
            }
        }

        impl Resource for $name {
            const KIND: Kind = Kind::$name;

            fn of(record: Record) -> Option<$name> {
                match record {
                    Record::$name(resource) => Some(resource),
                    _ => None,
                }
            }

            fn common(&self) -> &Common {
                &self.common
            }

            fn common_mut(&mut self) -> &mut Common {
                &mut self.common
            }
        }
        )*
    };
}

resources!(DomainGroup, Domain, Model, Adapter, Instance, Relationship, FlowRuntime);

/// A new resource, kept in one step with the work request that makes it, if any. What it refers to
/// must still be ACTIVE then.
#[derive(Debug, Clone)]
pub struct Creation {
    /// The resource.
    pub record: Record,
    /// Text kept beside it and read alone: a model's document, a runtime's flows.
    pub document: Option<String>,
    /// Ceilings that the new one must not break.
    pub ceilings: Vec<Ceiling>,
    /// The work request.
    pub work: Option<WorkRequest>,
    /// The answer, if the request has a retry token.
    pub answer: Option<SavedAnswer>,
}

impl Creation {
    /// A resource by itself.
    pub fn of(record: impl Into<Record>) -> Creation {
        Creation {
            record: record.into(),
            document: None,
            ceilings: Vec::new(),
            work: None,
            answer: None,
        }
    }
}

/// A resource's next state, with a fresh etag.
#[derive(Debug, Clone)]
pub struct Update {
    /// The state.
    pub record: Record,
    /// The etag of the state that it was made from; another one is [`StoreError::EtagMismatch`].
    pub etag: String,
    /// Replaces the text beside it.
    pub document: Option<String>,
    /// Ceilings that the new state must not break; it is not counted itself.
    pub ceilings: Vec<Ceiling>,
    /// The work request.
    pub work: Option<WorkRequest>,
    /// The answer, if the request has a retry token.
    pub answer: Option<SavedAnswer>,
}

/// A delete: which one, on what condition, when.
#[derive(Debug, Clone)]
pub struct Deletion {
    /// OCID.
    pub id: String,
    /// Refuse with [`StoreError::EtagMismatch`] unless this is the current etag.
    pub etag: Option<String>,
    /// Time of the deletion.
    pub now_us: i64,
}

/// A number of other resources of a kind that is too many (DELETED ones do not count).
#[derive(Debug, Clone)]
pub struct Ceiling {
    /// Which kind is counted.
    pub kind: Kind,
    /// Which ones of it; all without filters.
    pub filters: Vec<(Field, String)>,
    /// Refused when so many are there already.
    pub most: u64,
    /// What a caller over it is told.
    pub refusal: StoreError,
}

impl Lifecycle {
    /// Every state.
    pub const ALL: [Lifecycle; 7] = [
        Lifecycle::Creating,
        Lifecycle::Updating,
        Lifecycle::Active,
        Lifecycle::Inactive,
        Lifecycle::Deleting,
        Lifecycle::Deleted,
        Lifecycle::Failed,
    ];

    /// The wire's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Lifecycle::Creating => "CREATING",
            Lifecycle::Updating => "UPDATING",
            Lifecycle::Active => "ACTIVE",
            Lifecycle::Inactive => "INACTIVE",
            Lifecycle::Deleting => "DELETING",
            Lifecycle::Deleted => "DELETED",
            Lifecycle::Failed => "FAILED",
        }
    }

    /// Reads the wire's word.
    pub fn from_word(word: &str) -> Option<Lifecycle> {
        Lifecycle::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether a work request will end this state by itself.
    pub fn is_passing(self) -> bool {
        matches!(self, Lifecycle::Creating | Lifecycle::Updating | Lifecycle::Deleting)
    }
}
