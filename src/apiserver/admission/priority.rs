//! Priority: a pod's class becomes a number, one class at most is everyone's default, and the system's classes stay.
//!
//! Upstream: plugin/pkg/admission/priority/admission.go, pkg/apis/scheduling/helpers.go (SystemPriorityClasses),
//! pkg/registry/scheduling/priorityclass/storage/storage.go (Delete)
//! Differs: the two system classes are known even where no object says so.

use super::{Attributes, Op, Plugin, forbidden};
use crate::api::core::Pod;
use crate::api::scheduling::SYSTEM_CLASSES;
use crate::api::{Key, Kind, KindId, Object};
use crate::apimachinery::{Status, Str, Value};
use crate::apiserver::{Server, Sub};
use std::rc::Rc;

pub(super) const PLUGIN: Plugin =
    Plugin { name: "Priority", mutate: Some(admit), validate: Some(validate), charge: None };

/// What a class says.
struct Class {
    name: Str,
    value: i32,
    policy: Option<Str>,
}

const PREEMPT_LOWER_PRIORITY: Str = Str::literal("PreemptLowerPriority");

fn kind() -> Option<KindId> {
    KindId::by_kind("scheduling.k8s.io", "PriorityClass")
}

fn read(object: &Object) -> (Class, bool) {
    let tree = object.encode();
    let class = Class {
        name: object.meta().name.clone(),
        value: tree["value"].as_i64().and_then(|v| i32::try_from(v).ok()).unwrap_or(0),
        policy: tree["preemptionPolicy"].as_str().map(Str::from),
    };
    (class, tree.get("globalDefault") == Some(&Value::Bool(true)))
}

fn class(server: &Server, name: &Str) -> Option<Class> {
    let key = Key { namespace: Str::EMPTY, name: name.clone() };
    if let Some(object) = kind().and_then(|k| server.store.head().object(k, &key)) {
        return Some(read(object).0);
    }
    let (_, value, _) = SYSTEM_CLASSES.iter().find(|(n, ..)| name == n)?;
    Some(Class { name: name.clone(), value: *value, policy: Some(PREEMPT_LOWER_PRIORITY) })
}

/// Of several defaults the lowest.
fn default_class(server: &Server) -> Option<Class> {
    let all = server.store.head().objects(kind()?, None);
    let defaults = all.map(|(_, o)| read(o)).filter(|(_, default)| *default).map(|(class, _)| class);
    defaults.reduce(|a, b| if a.value > b.value { b } else { a })
}

fn admit(at: &mut Attributes, object: &mut Object) -> Result<(), Status> {
    let Some(pod) = object.downcast::<Pod>() else { return Ok(()) };
    let spec = &pod.spec;
    let (name, priority, policy) = match at.op {
        Op::Update(Sub::None) => {
            let Some(old) = at.old.and_then(Object::downcast::<Pod>) else { return Ok(()) };
            let priority = spec.priority.or(old.spec.priority);
            let policy = spec.preemption_policy.clone().or_else(|| old.spec.preemption_policy.clone());
            (spec.priority_class_name.clone(), priority, policy)
        }
        Op::Create => {
            let class = if spec.priority_class_name.is_empty() {
                let none = Class { name: Str::EMPTY, value: 0, policy: Some(PREEMPT_LOWER_PRIORITY) };
                default_class(at.server).unwrap_or(none)
            } else {
                let name = &spec.priority_class_name;
                class(at.server, name)
                    .ok_or_else(|| forbidden(object, &format!("no PriorityClass with name {name} was found")))?
            };
            if let Some(given) = spec.priority.filter(|p| *p != class.value) {
                let why = format!(
                    "the integer value of priority ({given}) must not be provided in pod spec; \
                     priority admission controller computed {} from the given PriorityClass name",
                    class.value
                );
                return Err(forbidden(object, &why));
            }
            if let (Some(given), Some(policy)) = (&spec.preemption_policy, &class.policy)
                && given != policy
            {
                let why = format!(
                    "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; \
                     priority admission controller computed {policy} from the given PriorityClass name"
                );
                return Err(forbidden(object, &why));
            }
            (class.name, Some(class.value), class.policy.or_else(|| spec.preemption_policy.clone()))
        }
        _ => return Ok(()),
    };
    if spec.priority == priority && spec.preemption_policy == policy && spec.priority_class_name == name {
        return Ok(());
    }
    let mut pod = pod.clone();
    let spec = Rc::make_mut(&mut Rc::make_mut(&mut pod).spec);
    spec.priority_class_name = name;
    spec.priority = priority;
    spec.preemption_policy = policy;
    *object = Pod::wrap(pod);
    Ok(())
}

fn validate(at: &mut Attributes, object: &Object) -> Result<(), Status> {
    if Some(object.id()) != kind() {
        return Ok(());
    }
    if at.op == Op::Delete && SYSTEM_CLASSES.iter().any(|(name, ..)| object.meta().name == *name) {
        return Err(forbidden(object, "this is a system priority class and cannot be deleted"));
    }
    if !matches!(at.op, Op::Create | Op::Update(Sub::None)) || !read(object).1 {
        return Ok(());
    }
    match default_class(at.server) {
        Some(class) if at.op == Op::Create || class.name != object.meta().name => Err(forbidden(
            object,
            &format!("PriorityClass {} is already marked as default. Only one default can exist", class.name),
        )),
        _ => Ok(()),
    }
}
