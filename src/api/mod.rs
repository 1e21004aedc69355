//! The rooms: one kind, one file; the list of them is here.

pub mod apps;
pub mod autoscaling;
pub mod batch;
pub mod coordination;
pub mod core;
pub mod kind;
mod object;
pub mod policy;
pub mod print;
pub mod quota;
pub mod scheduling;
pub mod storage;
#[cfg(test)]
pub(crate) mod testing;

pub use kind::{Column, Kind, KindInfo, Part, PrintCx};
pub use object::{Key, Object, controller_ref};

use apps::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use batch::{CronJob, Job};
use coordination::Lease;
use core::{
    ConfigMap, Event, LimitRange, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, ReplicationController,
    ResourceQuota, Secret, Service, ServiceAccount,
};
use policy::PodDisruptionBudget;
use scheduling::PriorityClass;
use storage::StorageClass;

/// The list of kinds. To add one: write its room, add its name here, add a case under `tests/cases`.
macro_rules! kinds {
    ($($Name:ident),* $(,)?) => {
        /// Names a kind; the order is that of the list.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum KindId { $($Name),* }

        /// Any object: one shared pointer and its kind.
        #[derive(Clone, PartialEq, Debug)]
        pub enum AnyObject { $($Name(std::rc::Rc<$Name>)),* }

        impl KindId {
            pub const ALL: &'static [KindId] = &[$(KindId::$Name),*];

            pub fn info(self) -> &'static KindInfo {
                match self { $(KindId::$Name => const { &<$Name as Kind>::INFO }),* }
            }
            pub fn schema(self) -> &'static $crate::apimachinery::schema::StructSchema {
                match self { $(KindId::$Name => $Name::schema()),* }
            }
            pub fn columns(self) -> &'static [Column] {
                match self { $(KindId::$Name => <$Name as Kind>::COLUMNS),* }
            }
            pub fn fields(self) -> &'static [&'static str] {
                match self { $(KindId::$Name => <$Name as Kind>::FIELDS),* }
            }
            pub fn has_generation(self) -> bool {
                match self { $(KindId::$Name => <$Name as Kind>::GENERATION),* }
            }
            pub fn allows_unconditional_update(self) -> bool {
                match self { $(KindId::$Name => <$Name as Kind>::UNCONDITIONAL_UPDATE),* }
            }
            /// An object of which nothing is said.
            pub fn empty(self) -> Object {
                match self { $(KindId::$Name => Object::of(<$Name>::default())),* }
            }
            /// `apiVersion` and `kind` are the caller's business.
            pub fn decode(self, v: &$crate::apimachinery::Value, d: &mut $crate::apimachinery::Decoder) -> Object {
                match self { $(KindId::$Name => Object(AnyObject::$Name(std::rc::Rc::new($crate::apimachinery::Api::decode(v, d))))),* }
            }
        }

        impl Object {
            pub fn id(&self) -> KindId {
                match &self.0 { $(AnyObject::$Name(_) => KindId::$Name),* }
            }
            pub fn meta(&self) -> &$crate::apimachinery::ObjectMeta {
                match &self.0 { $(AnyObject::$Name(o) => Kind::meta(&**o)),* }
            }
            /// Un-shares the object.
            pub fn meta_mut(&mut self) -> &mut $crate::apimachinery::ObjectMeta {
                match &mut self.0 { $(AnyObject::$Name(o) => Kind::meta_mut(std::rc::Rc::make_mut(o))),* }
            }
            pub(crate) fn encode_bare(&self) -> $crate::apimachinery::Value {
                match &self.0 { $(AnyObject::$Name(o) => $crate::apimachinery::Api::encode(&**o)),* }
            }
            pub fn ptr_eq(&self, other: &Object) -> bool {
                match (&self.0, &other.0) {
                    $((AnyObject::$Name(a), AnyObject::$Name(b)) => std::rc::Rc::ptr_eq(a, b),)*
                    _ => false,
                }
            }
            /// How the owned fields differ from those of an older state.
            pub fn compare(&self, old: &Object) -> $crate::apimachinery::compare::Delta {
                use $crate::apimachinery::compare::{PLAIN, compare};
                debug_assert_eq!(self.id(), old.id(), "an update keeps the kind");
                compare(Some(old.node()), Some(self.node()), &PLAIN)
            }
            /// Whether `compare` says of `old` and `new` what it says of the other two, but for the names of some items,
            /// which are answered. A yes is certain, a no is not.
            pub fn changed_alike(
                (old, new): (&Object, &Object),
                (other, then): (&Object, &Object),
            ) -> Option<Vec<($crate::apimachinery::field_set::Step, $crate::apimachinery::field_set::Step)>> {
                use $crate::apimachinery::{alike::{Names, alike}, compare::PLAIN};
                let mut names = Names::default();
                let (a, b) = ((Some(old.node()), Some(new.node())), (Some(other.node()), Some(then.node())));
                if alike(a, b, &PLAIN, &mut names) { names.differing() } else { None }
            }
            fn node(&self) -> $crate::apimachinery::node::Ref<'_> {
                match &self.0 { $(AnyObject::$Name(o) => o),* }
            }
            pub fn set_defaults(&mut self) {
                match &mut self.0 { $(AnyObject::$Name(o) => Kind::set_defaults(std::rc::Rc::make_mut(o))),* }
            }
            pub fn prepare_for_create(&mut self) {
                match &mut self.0 { $(AnyObject::$Name(o) => Kind::prepare_for_create(std::rc::Rc::make_mut(o))),* }
            }
            pub fn prepare_for_update(&mut self, old: &Object) {
                match (&mut self.0, &old.0) {
                    $((AnyObject::$Name(o), AnyObject::$Name(old)) => Kind::prepare_for_update(std::rc::Rc::make_mut(o), old),)*
                    _ => unreachable!("an update keeps the kind"),
                }
            }
            pub fn prepare_for_status_update(&mut self, old: &Object) {
                match (&mut self.0, &old.0) {
                    $((AnyObject::$Name(o), AnyObject::$Name(old)) => Kind::prepare_for_status_update(std::rc::Rc::make_mut(o), old),)*
                    _ => unreachable!("an update keeps the kind"),
                }
            }
            pub fn spec_changed(&self, old: &Object) -> bool {
                match (&self.0, &old.0) {
                    $((AnyObject::$Name(o), AnyObject::$Name(old)) => Kind::spec_changed(&**o, old),)*
                    _ => unreachable!("an update keeps the kind"),
                }
            }
            pub fn validate(&self, errs: &mut $crate::apimachinery::ErrorList) {
                match &self.0 { $(AnyObject::$Name(o) => Kind::validate(&**o, errs)),* }
            }
            pub fn validate_update(&self, old: &Object, errs: &mut $crate::apimachinery::ErrorList) {
                match (&self.0, &old.0) {
                    $((AnyObject::$Name(o), AnyObject::$Name(old)) => Kind::validate_update(&**o, old, errs),)*
                    _ => unreachable!("an update keeps the kind"),
                }
            }
            pub fn validate_status_update(&self, old: &Object, errs: &mut $crate::apimachinery::ErrorList) {
                match (&self.0, &old.0) {
                    $((AnyObject::$Name(o), AnyObject::$Name(old)) => Kind::validate_status_update(&**o, old, errs),)*
                    _ => unreachable!("an update keeps the kind"),
                }
            }
            pub fn warnings(&self, old: Option<&Object>, out: &mut Vec<String>) {
                match &self.0 { $(AnyObject::$Name(o) => {
                    Kind::warnings(&**o, old.and_then(<$Name as Kind>::unwrap).map(|o| &**o), out)
                }),* }
            }
            pub fn row(&self, cx: &PrintCx) -> Vec<$crate::apimachinery::Value> {
                match &self.0 { $(AnyObject::$Name(o) => Kind::row(&**o, cx)),* }
            }
            pub(crate) fn own_field(&self, path: &str) -> Option<$crate::apimachinery::Str> {
                match &self.0 { $(AnyObject::$Name(o) => Kind::field(&**o, path)),* }
            }
            pub fn scale(&self) -> Option<(i32, i32, String)> {
                match &self.0 { $(AnyObject::$Name(o) => Kind::scale(&**o)),* }
            }
            pub fn set_scale(&mut self, replicas: i32) {
                match &mut self.0 { $(AnyObject::$Name(o) => Kind::set_scale(std::rc::Rc::make_mut(o), replicas)),* }
            }
        }
    };
}

kinds! {
    Namespace, Node, Pod, ConfigMap, Secret, Service, ServiceAccount, Event, Lease, ReplicaSet, Deployment,
    ControllerRevision, DaemonSet, StatefulSet, PersistentVolumeClaim, PersistentVolume, StorageClass, Job, CronJob,
    ReplicationController, LimitRange, ResourceQuota, PodDisruptionBudget, PriorityClass,
}

/// The four items of `Kind` that every room would spell alike.
#[macro_export]
macro_rules! kind_glue {
    ($Name:ident) => {
        const ID: $crate::api::KindId = $crate::api::KindId::$Name;
        fn meta(&self) -> &$crate::apimachinery::ObjectMeta {
            &self.metadata
        }
        fn meta_mut(&mut self) -> &mut $crate::apimachinery::ObjectMeta {
            &mut self.metadata
        }
        fn wrap(this: std::rc::Rc<Self>) -> $crate::api::Object {
            $crate::api::Object($crate::api::AnyObject::$Name(this))
        }
        fn unwrap(object: &$crate::api::Object) -> Option<&std::rc::Rc<Self>> {
            match &object.0 {
                $crate::api::AnyObject::$Name(o) => Some(o),
                _ => None,
            }
        }
    };
}
