//! What a kind is: its names, its hooks in the order of the registry's page, its columns.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update,delete}.go (RESTCreateStrategy, …),
//! pkg/printers/internalversion/printers.go.
//! Differs: nothing known.

use crate::apimachinery::time::Time;
use crate::apimachinery::{Api, ErrorList, ObjectMeta, Str, Value};
use std::rc::Rc;

use super::{KindId, Object};

pub struct KindInfo {
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub short: &'static [&'static str],
    pub namespaced: bool,
    pub categories: &'static [&'static str],
    /// Has `/status`.
    pub status: bool,
    /// Has `/scale`.
    pub scale: bool,
    /// What else it has below its name.
    pub parts: &'static [Part],
    /// Names are DNS labels, subdomains, or a path segment.
    pub name_rule: NameRule,
}

/// A part of a kind as discovery tells it: its name, the kind that it speaks, its verbs.
pub struct Part {
    pub name: &'static str,
    /// (group, version, kind); the kind of the core group's options stands without a group.
    pub speaks: Option<(&'static str, &'static str, &'static str)>,
    pub verbs: &'static [&'static str],
}

impl Part {
    const READ_AND_WRITE: &'static [&'static str] = &["get", "patch", "update"];

    /// Of the object itself.
    pub const fn own(name: &'static str) -> Part {
        Part { name, speaks: None, verbs: Part::READ_AND_WRITE }
    }

    pub const fn scale() -> Part {
        Part { name: "scale", speaks: Some(("autoscaling", "v1", "Scale")), verbs: Part::READ_AND_WRITE }
    }

    /// To be sent there, and nothing else.
    pub const fn action(name: &'static str, group: &'static str, kind: &'static str) -> Part {
        Part { name, speaks: Some((group, "v1", kind)), verbs: &["create"] }
    }

    /// A stream to whatever is behind the object.
    pub const fn connect(name: &'static str, kind: &'static str) -> Part {
        Part { name, speaks: Some(("", "v1", kind)), verbs: &["create", "get"] }
    }

    /// Requests to whatever is behind the object.
    pub const fn proxy(kind: &'static str) -> Part {
        Part { name: "proxy", speaks: Some(("", "v1", kind)), verbs: &["create", "delete", "get", "patch", "update"] }
    }

    pub const fn verbs(mut self, verbs: &'static [&'static str]) -> Part {
        self.verbs = verbs;
        self
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    Dns1123Subdomain,
    Dns1123Label,
    Dns1035Label,
    PathSegment,
}

impl NameRule {
    /// The check of names (or, with `true`, of `generateName` prefixes).
    pub fn check(self) -> crate::apimachinery::validation::NameCheck {
        use crate::apimachinery::names;
        match self {
            NameRule::Dns1123Subdomain => names::name_is_dns_subdomain,
            NameRule::Dns1123Label => names::name_is_dns_label,
            NameRule::Dns1035Label => names::name_is_dns1035_label,
            NameRule::PathSegment => names::is_path_segment_name,
        }
    }
}

impl KindInfo {
    pub const fn core(kind: &'static str, plural: &'static str) -> KindInfo {
        KindInfo {
            group: "",
            version: "v1",
            kind,
            plural,
            short: &[],
            namespaced: true,
            categories: &[],
            status: false,
            scale: false,
            parts: &[],
            name_rule: NameRule::Dns1123Subdomain,
        }
    }

    pub const fn of(group: &'static str, kind: &'static str, plural: &'static str) -> KindInfo {
        KindInfo { group, ..KindInfo::core(kind, plural) }
    }

    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The same, to be shared.
    pub fn group_version(&self) -> Str {
        if self.group.is_empty() {
            Str::literal(self.version)
        } else {
            Str::from(format_args!("{}/{}", self.group, self.version))
        }
    }

    /// `pods`, `deployments.apps`.
    pub fn qualified_resource(&self) -> String {
        crate::apimachinery::status::qualified(self.group, self.plural)
    }

    pub fn singular(&self) -> String {
        self.kind.to_ascii_lowercase()
    }
}

/// A column of the kind's table; `priority` 1 shows with `-o wide` only.
pub struct Column {
    pub name: &'static str,
    pub kind: &'static str,
    pub format: &'static str,
    pub priority: i32,
}

pub const fn col(name: &'static str) -> Column {
    Column { name, kind: "string", format: "", priority: 0 }
}
pub const fn int_col(name: &'static str) -> Column {
    Column { name, kind: "integer", format: "", priority: 0 }
}
pub const fn wide(name: &'static str) -> Column {
    Column { name, kind: "string", format: "", priority: 1 }
}
pub const NAME: Column = Column { name: "Name", kind: "string", format: "name", priority: 0 };
pub const AGE: Column = col("Age");

/// What a printer may know beside the object.
#[derive(Clone, Copy)]
pub struct PrintCx {
    /// The wall clock of the cluster.
    pub now: Time,
}

impl PrintCx {
    /// `5m30s`, or `<unknown>` where the instant is not set.
    pub fn age(&self, since: Time) -> Value {
        Value::String(self.age_text(since))
    }

    pub fn age_text(&self, since: Time) -> String {
        if since == Time::default() {
            return "<unknown>".to_owned();
        }
        crate::apimachinery::time::human_duration(self.now.unix() - since.unix())
    }
}

/// One kind of object: a room implements it once, and everything generic follows from it.
pub trait Kind: Api {
    const INFO: KindInfo;
    const COLUMNS: &'static [Column] = &[NAME, AGE];

    fn meta(&self) -> &ObjectMeta;
    fn meta_mut(&mut self) -> &mut ObjectMeta;

    // Between the typed kinds and the generic object.
    const ID: KindId;
    fn wrap(this: Rc<Self>) -> Object;
    fn unwrap(object: &Object) -> Option<&Rc<Self>>;

    /// Fills what the user left out.
    fn set_defaults(&mut self) {}
    /// Clears what a creator may not say, sets the first generation.
    fn prepare_for_create(&mut self) {}
    /// Keeps what an update may not touch (status); the registry bumps `generation` where `spec_changed` says so.
    fn prepare_for_update(&mut self, _old: &Self) {}
    /// Keeps everything but the status.
    fn prepare_for_status_update(&mut self, _old: &Self) {}
    /// Whether `generation` is kept for this kind, and it differs between the two.
    fn spec_changed(&self, _old: &Self) -> bool {
        false
    }
    /// Whether objects carry a generation from their creation on.
    const GENERATION: bool = false;
    /// Whether an update may leave out the version that it was made of. Upstream: AllowUnconditionalUpdate.
    const UNCONDITIONAL_UPDATE: bool = true;

    /// All that is wrong with a new object, metadata aside.
    fn validate(&self, _errs: &mut ErrorList) {}
    /// All that is wrong with this as the successor of `old`, metadata aside.
    fn validate_update(&self, _old: &Self, errs: &mut ErrorList) {
        self.validate(errs);
    }
    fn validate_status_update(&self, _old: &Self, _errs: &mut ErrorList) {}
    /// What is right but unwise; sent as `Warning:` headers.
    fn warnings(&self, _old: Option<&Self>, _out: &mut Vec<String>) {}

    /// One row of the table, a cell a column.
    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        vec![self.meta().name.encode(), cx.age(self.meta().creation_timestamp)]
    }

    /// A field that selectors may name, beside `metadata.name` and `metadata.namespace`; None: not selectable.
    fn field(&self, _path: &str) -> Option<Str> {
        None
    }
    /// The fields that `field` knows.
    const FIELDS: &'static [&'static str] = &[];

    /// The scale subresource: (desired, current, selector as text).
    fn scale(&self) -> Option<(i32, i32, String)> {
        None
    }
    fn set_scale(&mut self, _replicas: i32) {}
}
