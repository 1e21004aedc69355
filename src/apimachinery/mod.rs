//! The grammar of the API: trees, schemas, codecs, names, selectors, patches, errors; it knows no kind.

pub mod alike;
pub mod codec;
pub mod compare;
pub mod field_error;
pub mod field_set;
pub mod fields;
pub mod go_json;
pub mod int_or_string;
pub mod ip;
pub mod labels;
pub mod list;
pub mod meta;
pub mod names;
pub mod node;
pub mod patch;
pub mod quantity;
pub mod scalars;
pub mod schema;
pub mod status;
pub mod str;
pub mod time;
pub mod typed;
pub mod validation;
pub mod value;
pub mod yaml;

pub use codec::{Api, Decoder};
pub use field_error::{ErrorList, FieldError, Path};
pub use field_set::FieldSet;
pub use list::{List, Map};
pub use meta::{
    Condition, LabelSelector, LabelSelectorRequirement, ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference,
};
pub use status::Status;
pub use str::Str;
pub use value::Value;

pub use crate::sim::{Arrange, OrdMap, OrdSet};
