//! What the API says of its types and fields, laid over the documents of `/openapi/v3` for `kubectl explain`.
//!
//! The texts are Kubernetes' own and stay in the k8s-openapi crate; the core has no use for them.
//!
//! Upstream: pkg/generated/openapi
//! Differs: what a field's single values mean is not told.

use crate::apimachinery::Value;
use crate::apiserver::wire::enums_of;
use k8s_openapi::api::{
    apps, authentication, authorization, autoscaling, batch, certificates, coordination, core, discovery, events,
    networking, node, policy, rbac, scheduling, storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::Map;
use std::sync::LazyLock;

/// Each type's schema, by its id.
static DEFINITIONS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let mut generator = SchemaSettings::draft07().into_generator();
    kinds(&mut generator);
    generator.take_definitions(true)
});

/// The types whose definitions, and all they refer to, are wanted.
macro_rules! collect {
    ($generator:ident: $($Type:ty),* $(,)?) => { $( let _ = $generator.subschema_for::<$Type>(); )* };
}

fn kinds(g: &mut SchemaGenerator) {
    collect!(g:
        core::v1::Binding, core::v1::ConfigMap, core::v1::Endpoints, core::v1::Event, core::v1::LimitRange,
        core::v1::Namespace, core::v1::Node, core::v1::PersistentVolume, core::v1::PersistentVolumeClaim,
        core::v1::Pod, core::v1::PodTemplate, core::v1::ReplicationController, core::v1::ResourceQuota,
        core::v1::Secret, core::v1::Service, core::v1::ServiceAccount,
        apps::v1::ControllerRevision, apps::v1::DaemonSet, apps::v1::Deployment, apps::v1::ReplicaSet,
        apps::v1::StatefulSet,
        authentication::v1::SelfSubjectReview, authentication::v1::TokenRequest, authentication::v1::TokenReview,
        authorization::v1::LocalSubjectAccessReview, authorization::v1::SelfSubjectAccessReview,
        authorization::v1::SelfSubjectRulesReview, authorization::v1::SubjectAccessReview,
        autoscaling::v1::HorizontalPodAutoscaler, autoscaling::v1::Scale, autoscaling::v2::HorizontalPodAutoscaler,
        batch::v1::CronJob, batch::v1::Job,
        certificates::v1::CertificateSigningRequest,
        coordination::v1::Lease,
        discovery::v1::EndpointSlice,
        events::v1::Event,
        networking::v1::IPAddress, networking::v1::Ingress, networking::v1::IngressClass,
        networking::v1::NetworkPolicy, networking::v1::ServiceCIDR,
        node::v1::RuntimeClass,
        policy::v1::Eviction, policy::v1::PodDisruptionBudget,
        rbac::v1::ClusterRole, rbac::v1::ClusterRoleBinding, rbac::v1::Role, rbac::v1::RoleBinding,
        scheduling::v1::PriorityClass,
        storage::v1::CSIDriver, storage::v1::CSINode, storage::v1::CSIStorageCapacity, storage::v1::StorageClass,
        storage::v1::VolumeAttachment, storage::v1::VolumeAttributesClass,
        apiextensions::v1::CustomResourceDefinition,
    );
}

/// For each type its description (under "") and those of its fields: what the page loads when it is asked to explain.
pub fn texts() -> Value {
    let texts = |schema: &Value| {
        let of_type = schema.get("description").map(|text| (String::new(), text.clone()));
        let of_fields = fields(schema).filter_map(|(name, f)| Some((name.clone(), f.get("description")?.clone())));
        Value::Object(of_type.into_iter().chain(of_fields).collect())
    };
    Value::Object(DEFINITIONS.iter().map(|(id, schema)| (id.clone(), texts(schema))).collect())
}

fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// Adds to an OpenAPI document what its schemas leave out.
pub(super) fn describe(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    complete(schemas);
    for (id, schema) in schemas.iter_mut() {
        let Some(known) = DEFINITIONS.get(id) else { continue };
        if let Some(text) = known.get("description") {
            schema["description"] = text.clone();
        }
        for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            let text = known["properties"][name]["description"].as_str().unwrap_or_default();
            let text = text.to_owned() + &values(property);
            if !text.is_empty() {
                property["description"] = text.into();
            }
        }
    }
}

/// Types that no room declares, because objects carry them as they are, get their fields.
fn complete(schemas: &mut Map<String, Value>) {
    let bare = |schema: &Value| schema["type"] == "object" && schema.get("properties").is_none();
    let mut open: Vec<String> = schemas.iter().filter(|(_, s)| bare(s)).map(|(id, _)| id.clone()).collect();
    while let Some(id) = open.pop() {
        let Some(known) = DEFINITIONS.get(&id).filter(|s| s.get("properties").is_some()) else { continue };
        let text = known.to_string();
        open.extend(references(&text).filter(|id| !schemas.contains_key(*id)).map(str::to_owned));
        let text = text.replace("#/definitions/", "#/components/schemas/");
        let mut whole: Value = serde_json::from_str(&text).expect("JSON stays JSON");
        if let Some(gvk) = schemas.get(&id).and_then(|s| s.get("x-kubernetes-group-version-kind")) {
            whole["x-kubernetes-group-version-kind"] = gvk.clone();
        }
        if let Some(required) = whole.get_mut("required").and_then(Value::as_array_mut) {
            // The crate's own rule, for those who read objects.
            required.retain(|name| name != "metadata");
        }
        for (name, values) in enums_of(&id) {
            whole["properties"][name]["enum"] = values.into();
        }
        schemas.insert(id, whole);
    }
}

fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("#/definitions/").skip(1).filter_map(|rest| rest.split('"').next())
}

/// Upstream: k8s.io/kube-openapi/pkg/generators/enum.go (enumType.DescriptionLines)
fn values(property: &Value) -> String {
    let Some(values) = property["enum"].as_array() else { return String::new() };
    let lines: Vec<String> = values.iter().map(|v| format!(" - `{v}`")).collect();
    format!("\n\nPossible enum values:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::wire::{Answer, Request};
    use crate::cluster::{Cluster, Config};

    fn described(path: &str) -> Value {
        let Answer::Whole(r) = Cluster::new(Config::with_nodes(0)).request(&Request::get(path)) else {
            panic!("a document is whole")
        };
        let mut document = serde_json::from_slice(&r.body).expect("documents are JSON");
        describe(&mut document);
        document["components"]["schemas"].take()
    }

    #[test]
    fn every_type_and_nearly_every_field_is_described() {
        let all = described("/openapi/v3/apis/apps/v1");
        for (id, schema) in all.as_object().expect("schemas have names") {
            assert!(schema["description"].is_string(), "{id}");
            for (name, field) in fields(schema).filter(|(name, _)| *name != "metadata") {
                assert!(field["description"].is_string(), "{id}.{name}");
            }
        }
    }

    #[test]
    fn types_that_objects_only_carry_have_fields() {
        let all = described("/openapi/v3/api/v1");
        let windows = &all["io.k8s.api.core.v1.WindowsSecurityContextOptions"]["properties"]["hostProcess"];
        assert_eq!(windows["type"], "boolean");
        let disk = &all["io.k8s.api.core.v1.AzureDiskVolumeSource"]["properties"]["kind"];
        assert_eq!(disk["enum"], serde_json::json!(["Dedicated", "Managed", "Shared"]));
        for id in references(&all.to_string().replace("#/components/schemas/", "#/definitions/")) {
            assert!(all[id].is_object(), "{id}");
        }
    }

    #[test]
    fn a_field_of_few_values_tells_them() {
        let all = described("/openapi/v3/api/v1");
        let text = all["io.k8s.api.core.v1.PodSpec"]["properties"]["restartPolicy"]["description"].as_str();
        let end = "\n\nPossible enum values:\n - `\"Always\"`\n - `\"Never\"`\n - `\"OnFailure\"`";
        assert!(text.is_some_and(|t| t.ends_with(end)), "{text:?}");
    }
}
