//! Writes a JSON file: for each type of the API its description (under "") and those of its fields.

use k8s_openapi::api::{
    apps, autoscaling, batch, certificates, coordination, core, discovery, events, networking, node, policy, rbac,
    scheduling, storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use std::process::ExitCode;

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

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1) else {
        eprintln!("Usage: descriptions FILE");
        return ExitCode::FAILURE;
    };
    let mut generator = SchemaSettings::draft07().into_generator();
    kinds(&mut generator);
    let types: Map<String, Value> =
        generator.take_definitions(true).iter().map(|(id, schema)| (id.clone(), texts(schema))).collect();
    let mut text = Value::Object(types).to_string();
    text.push('\n');
    match std::fs::write(&file, &text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}

fn texts(schema: &Value) -> Value {
    let of_type = schema.get("description").map(|text| (String::new(), text.clone()));
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let of_fields = fields.filter_map(|(name, field)| Some((name.clone(), field.get("description")?.clone())));
    Value::Object(of_type.into_iter().chain(of_fields).collect())
}
