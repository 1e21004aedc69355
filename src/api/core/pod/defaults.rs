//! What a pod gets where its author said nothing.
//!
//! Upstream: pkg/apis/core/v1/{defaults,zz_generated.defaults}.go (SetDefaults_Pod, SetDefaults_PodSpec,
//! SetObjectDefaults_Pod), pkg/apis/core/v1/conversion.go (fields that follow from others)
//! Differs: annotations that once held init containers are not dropped.
//!
//! Every step looks before it writes, so that the pods of one template go on sharing its lists.

use super::image::parse_image_name;
use super::resources::{ResourceList, container_limits, container_requests};
use super::resources::{is_hugepage, is_overcommit_allowed, is_pod_level_resource};
use super::*;
use crate::apimachinery::codec::Opaque;

use crate::apimachinery::{List, Str, Value};
use std::borrow::Cow;
use std::rc::Rc;

/// A part that is copied when the first thing in it is filled.
type Part<'a, T> = Cow<'a, T>;

/// The list with its items filled, where that changes any.
fn list<T: Clone>(items: &List<T>, fill: impl Fn(&mut Part<T>)) -> Option<List<T>> {
    let mut out: Option<List<T>> = None;
    for (i, item) in items.iter().enumerate() {
        let mut part = Cow::Borrowed(item);
        fill(&mut part);
        if let Cow::Owned(new) = part {
            out.get_or_insert_with(|| items.clone()).make_mut()[i] = new;
        }
    }
    out
}

fn shared<T: Clone>(slot: &Rc<T>, fill: impl Fn(&mut Part<T>)) -> Option<Rc<T>> {
    let mut part = Cow::Borrowed(&**slot);
    fill(&mut part);
    match part {
        Cow::Owned(new) => Some(Rc::new(new)),
        Cow::Borrowed(_) => None,
    }
}

#[allow(clippy::option_option, reason = "outer: whether it changes")]
fn optional<T: Clone>(slot: &Option<Rc<T>>, fill: impl Fn(&mut Part<T>)) -> Option<Option<Rc<T>>> {
    shared(slot.as_ref()?, fill).map(Some)
}

/// `set!(part, field, list|optional|…, fill)`.
macro_rules! set {
    ($part:ident . $($field:ident).+, $how:ident, $fill:expr) => {
        if let Some(new) = $how(&$part.$($field).+, $fill) {
            $part.to_mut().$($field).+ = new;
        }
    };
}

macro_rules! text {
    ($part:ident . $field:ident, $default:expr) => {
        if $part.$field.is_empty() {
            $part.to_mut().$field = Str::literal($default);
        }
    };
}

/// The defaults of every pod specification, those within templates too.
pub fn set_pod_spec_defaults(spec: &mut PodSpec) {
    let mut part = Cow::Borrowed(&*spec);
    pod_spec(&mut part);
    if let Cow::Owned(new) = part {
        *spec = new;
    }
}

/// The defaults of a template; un-shares it only where that changes something.
pub fn set_template_defaults(template: &mut Rc<PodTemplateSpec>) {
    let filled = shared(template, |t| set!(t.spec, shared, pod_spec));
    if let Some(new) = filled {
        *template = new;
    }
}

impl Pod {
    pub(super) fn fill(&mut self) {
        // First what only pods get, then what their specification shares with templates.
        if let Some(new) = shared(&self.spec, own_spec) {
            self.spec = new;
        }
        if let Some(new) = shared(&self.spec, pod_spec) {
            self.spec = new;
        }
        if let Some(new) = shared(&self.status, status) {
            self.status = new;
        }
        self.settle();
    }

    /// Makes the fields agree that say one thing twice, after whoever wrote one of them.
    pub(super) fn settle(&mut self) {
        if let Some(new) = shared(&self.spec, service_account) {
            self.spec = new;
        }
        // Of pods only: in templates a negative time stays.
        if self.spec.termination_grace_period_seconds.is_some_and(|s| s < 0) {
            Rc::make_mut(&mut self.spec).termination_grace_period_seconds = Some(1);
        }
        let first = self.status.pod_ips.first().map(|ip| ip.ip.clone()).unwrap_or_default();
        if first != self.status.pod_ip {
            let status = Rc::make_mut(&mut self.status);
            // The single address is older than the list, and the kubelets that know only it win.
            if status.pod_ip.is_empty() {
                status.pod_ip = first;
            } else {
                status.pod_ips = List::from(vec![PodIP { ip: status.pod_ip.clone() }]);
            }
        }
    }
}

/// `serviceAccount` is an old name of `serviceAccountName`.
fn service_account(s: &mut Part<PodSpec>) {
    if s.service_account_name.is_empty() && !s.service_account.is_empty() {
        s.to_mut().service_account_name = s.service_account.clone();
    }
    if s.service_account != s.service_account_name {
        s.to_mut().service_account = s.service_account_name.clone();
    }
}

fn own_spec(s: &mut Part<PodSpec>) {
    set!(s.containers, list, requests_from_limits);
    set!(s.init_containers, list, requests_from_limits);
    if s.resources.is_some() {
        pod_level_resources(s);
    }
    if s.enable_service_links.is_none() {
        s.to_mut().enable_service_links = Some(true);
    }
    if s.host_network {
        set!(s.containers, list, host_ports);
        set!(s.init_containers, list, host_ports);
    }
}

fn requests_from_limits(c: &mut Part<Container>) {
    if let Some(requests) = with_missing(&c.resources.requests, &c.resources.limits, |_| true) {
        c.to_mut().resources.requests = requests;
    }
}

fn with_missing(have: &ResourceList, more: &ResourceList, wanted: impl Fn(&str) -> bool) -> Option<ResourceList> {
    let mut out: Option<ResourceList> = None;
    for (name, quantity) in more.iter().filter(|(name, _)| wanted(name) && !have.contains_key(name)) {
        out.get_or_insert_with(|| have.clone()).insert(name.clone(), quantity.clone());
    }
    out
}

/// Huge pages: limits from the containers' limits. Then requests from the containers' requests, then from the limits.
fn pod_level_resources(s: &mut Part<PodSpec>) {
    let Some(own) = s.resources.as_deref() else { return };
    let mut new = own.clone();
    if !own.limits.is_empty() || !own.requests.is_empty() {
        let wanted = |name: &str| is_hugepage(name) && !own.requests.contains_key(name);
        if let Some(limits) = with_missing(&own.limits, &container_limits(s), wanted) {
            new.limits = limits;
        }
    }
    if !new.limits.is_empty() {
        let wanted = |name: &str| is_pod_level_resource(name) && is_overcommit_allowed(name);
        if let Some(requests) = with_missing(&new.requests, &container_requests(s), wanted) {
            new.requests = requests;
        }
        if let Some(requests) = with_missing(&new.requests, &new.limits, is_pod_level_resource) {
            new.requests = requests;
        }
    }
    if new != *own {
        s.to_mut().resources = Some(Rc::new(new));
    }
}

fn host_ports(c: &mut Part<Container>) {
    set!(c.ports, list, |p: &mut Part<ContainerPort>| {
        if p.host_port == 0 && p.container_port != 0 {
            p.to_mut().host_port = p.container_port;
        }
    });
}

fn pod_spec(s: &mut Part<PodSpec>) {
    service_account(s);
    text!(s.dns_policy, "ClusterFirst");
    text!(s.restart_policy, "Always");
    if s.security_context.is_none() {
        s.to_mut().security_context = Some(Rc::default());
    }
    if s.termination_grace_period_seconds.is_none() {
        s.to_mut().termination_grace_period_seconds = Some(30);
    }
    text!(s.scheduler_name, "default-scheduler");
    set!(s.volumes, list, volume);
    set!(s.init_containers, list, container);
    set!(s.containers, list, container);
    set!(s.ephemeral_containers, list, ephemeral_container);
    if let Some(new) = milli_exact(&s.overhead) {
        s.to_mut().overhead = new;
    }
    set!(s.resources, optional, resources);
}

fn status(s: &mut Part<PodStatus>) {
    let container = |c: &mut Part<ContainerStatus>| {
        if let Some(new) = milli_exact(&c.allocated_resources) {
            c.to_mut().allocated_resources = new;
        }
        set!(c.resources, optional, resources);
    };
    set!(s.init_container_statuses, list, container);
    set!(s.container_statuses, list, container);
    set!(s.ephemeral_container_statuses, list, container);
}

/// Quantities are kept to thousandths, rounded up.
fn milli_exact(list: &ResourceList) -> Option<ResourceList> {
    let mut out: Option<ResourceList> = None;
    for (name, quantity) in list.iter() {
        let mut rounded = quantity.clone();
        if !rounded.round_up(-3) {
            out.get_or_insert_with(|| list.clone()).insert(name.clone(), rounded);
        }
    }
    out
}

fn resources(r: &mut Part<ResourceRequirements>) {
    if let Some(new) = milli_exact(&r.limits) {
        r.to_mut().limits = new;
    }
    if let Some(new) = milli_exact(&r.requests) {
        r.to_mut().requests = new;
    }
}

/// Both kinds of containers have the same fields, and not one type.
macro_rules! container_defaults {
    ($name:ident, $Type:ty) => {
        fn $name(c: &mut Part<$Type>) {
            if c.image_pull_policy.is_empty() {
                c.to_mut().image_pull_policy = pull_policy(&c.image);
            }
            text!(c.termination_message_path, "/dev/termination-log");
            text!(c.termination_message_policy, "File");
            set!(c.ports, list, |p: &mut Part<ContainerPort>| text!(p.protocol, "TCP"));
            set!(c.env, list, env_var);
            let mut r = Cow::Borrowed(&c.resources);
            resources(&mut r);
            if let Cow::Owned(new) = r {
                c.to_mut().resources = new;
            }
            set!(c.liveness_probe, optional, probe);
            set!(c.readiness_probe, optional, probe);
            set!(c.startup_probe, optional, probe);
            set!(c.lifecycle, optional, |l: &mut Part<Lifecycle>| {
                set!(l.post_start, optional, |h: &mut Part<LifecycleHandler>| set!(h.http_get, optional, http_get));
                set!(l.pre_stop, optional, |h: &mut Part<LifecycleHandler>| set!(h.http_get, optional, http_get));
            });
        }
    };
}
container_defaults!(container, Container);
container_defaults!(ephemeral_container, EphemeralContainer);

/// What is wrong with the name is said elsewhere.
fn pull_policy(image: &str) -> Str {
    let latest = parse_image_name(image).is_ok_and(|name| name.tag == "latest");
    Str::literal(if latest { "Always" } else { "IfNotPresent" })
}

fn env_var(v: &mut Part<EnvVar>) {
    set!(v.value_from, optional, |f: &mut Part<EnvVarSource>| {
        set!(f.field_ref, optional, field_ref);
        set!(f.file_key_ref, optional, |k: &mut Part<FileKeySelector>| {
            if k.optional.is_none() {
                k.to_mut().optional = Some(false);
            }
        });
    });
}

fn field_ref(f: &mut Part<ObjectFieldSelector>) {
    text!(f.api_version, "v1");
}

fn probe(p: &mut Part<Probe>) {
    if p.timeout_seconds == 0 {
        p.to_mut().timeout_seconds = 1;
    }
    if p.period_seconds == 0 {
        p.to_mut().period_seconds = 10;
    }
    if p.success_threshold == 0 {
        p.to_mut().success_threshold = 1;
    }
    if p.failure_threshold == 0 {
        p.to_mut().failure_threshold = 3;
    }
    set!(p.http_get, optional, http_get);
    set!(p.grpc, optional, |g: &mut Part<GRPCAction>| {
        if g.service.is_none() {
            g.to_mut().service = Some(Str::EMPTY);
        }
    });
}

fn http_get(h: &mut Part<HTTPGetAction>) {
    text!(h.path, "/");
    text!(h.scheme, "HTTP");
}

/// 0644
const FILE_MODE: i32 = 420;

macro_rules! mode {
    ($part:ident) => {
        if $part.default_mode.is_none() {
            $part.to_mut().default_mode = Some(FILE_MODE);
        }
    };
}

fn volume(v: &mut Part<Volume>) {
    if v.has_no_source() {
        v.to_mut().empty_dir = Some(Rc::default());
        return;
    }
    set!(v.image, optional, |i: &mut Part<ImageVolumeSource>| {
        if i.pull_policy.is_empty() {
            i.to_mut().pull_policy = pull_policy(&i.reference);
        }
    });
    set!(v.host_path, optional, |h: &mut Part<HostPathVolumeSource>| {
        if h.type_.is_none() {
            h.to_mut().type_ = Some(Str::EMPTY);
        }
    });
    set!(v.secret, optional, |s: &mut Part<SecretVolumeSource>| mode!(s));
    set!(v.config_map, optional, |s: &mut Part<ConfigMapVolumeSource>| mode!(s));
    set!(v.downward_api, optional, |d: &mut Part<DownwardAPIVolumeSource>| {
        mode!(d);
        set!(d.items, list, downward_file);
    });
    set!(v.projected, optional, |p: &mut Part<ProjectedVolumeSource>| {
        mode!(p);
        set!(p.sources, list, projection);
    });
    set!(v.ephemeral, optional, |e: &mut Part<EphemeralVolumeSource>| {
        set!(e.volume_claim_template, optional, |t: &mut Part<PersistentVolumeClaimTemplate>| {
            set!(t.spec, shared, claim_spec);
        });
    });
    set!(v.iscsi, tree, &[("iscsiInterface", || "default".into())]);
    set!(
        v.rbd,
        tree,
        &[("pool", || "rbd".into()), ("user", || "admin".into()), ("keyring", || "/etc/ceph/keyring".into())]
    );
    set!(
        v.azure_disk,
        tree,
        &[
            ("cachingMode", || "ReadWrite".into()),
            ("fsType", || "ext4".into()),
            ("readOnly", || false.into()),
            ("kind", || "Shared".into())
        ]
    );
    set!(v.scale_io, tree, &[("storageMode", || "ThinProvisioned".into()), ("fsType", || "xfs".into())]);
}

fn tree(source: &Opaque, defaults: &[(&str, fn() -> Value)]) -> Option<Opaque> {
    let Value::Object(have) = source.value()? else { return None };
    let missing: Vec<_> = defaults.iter().filter(|(name, _)| have.get(*name).is_none_or(|v| v == "")).collect();
    if missing.is_empty() {
        return None;
    }
    let mut new = have.clone();
    new.extend(missing.into_iter().map(|(name, value)| ((*name).to_owned(), value())));
    Some(Opaque(Some(Rc::new(Value::Object(new)))))
}

fn downward_file(f: &mut Part<DownwardAPIVolumeFile>) {
    set!(f.field_ref, optional, field_ref);
}

fn projection(p: &mut Part<VolumeProjection>) {
    set!(p.downward_api, optional, |d: &mut Part<DownwardAPIProjection>| set!(d.items, list, downward_file));
    set!(p.service_account_token, optional, |t: &mut Part<ServiceAccountTokenProjection>| {
        if t.expiration_seconds.is_none() {
            t.to_mut().expiration_seconds = Some(3600);
        }
    });
}

fn claim_spec(s: &mut Part<PersistentVolumeClaimSpec>) {
    if s.volume_mode.is_none() {
        s.to_mut().volume_mode = Some(Str::literal("Filesystem"));
    }
    if let Some(new) = milli_exact(&s.resources.limits) {
        s.to_mut().resources.limits = new;
    }
    if let Some(new) = milli_exact(&s.resources.requests) {
        s.to_mut().resources.requests = new;
    }
}

/// The defaults of a claim's specification, in a claim and in the templates of claims.
pub fn set_claim_spec_defaults(spec: &mut Rc<PersistentVolumeClaimSpec>) {
    if let Some(new) = shared(spec, claim_spec) {
        *spec = new;
    }
}

impl Volume {
    pub fn has_no_source(&self) -> bool {
        *self == Volume { name: self.name.clone(), ..Volume::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::pod::testing::{of, pod};
    use crate::apimachinery::Api;
    use crate::apimachinery::quantity::Quantity;

    #[test]
    fn a_minimal_pod_gets_what_upstream_gives_it() {
        let mut p = pod(r#"{"spec":{"containers":[{"name":"a","image":"nginx:1.27","ports":[{"containerPort":80}],
            "resources":{"limits":{"cpu":"1"}},"env":[{"name":"N","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],
            "livenessProbe":{"httpGet":{"port":80}}}],
            "volumes":[{"name":"c","configMap":{"name":"x"}},{"name":"e"},{"name":"h","hostPath":{"path":"/x"}}]}}"#);
        p.fill();
        let want: PodSpec = of(r#"{"containers":[{"name":"a","image":"nginx:1.27","imagePullPolicy":"IfNotPresent",
            "ports":[{"containerPort":80,"protocol":"TCP"}],
            "resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}},
            "env":[{"name":"N","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}],
            "livenessProbe":{"httpGet":{"port":80,"path":"/","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,
                "successThreshold":1,"failureThreshold":3},
            "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],
            "volumes":[{"name":"c","configMap":{"name":"x","defaultMode":420}},{"name":"e","emptyDir":{}},
                {"name":"h","hostPath":{"path":"/x","type":""}}],
            "restartPolicy":"Always","dnsPolicy":"ClusterFirst","schedulerName":"default-scheduler",
            "securityContext":{},"terminationGracePeriodSeconds":30,"enableServiceLinks":true}"#);
        assert_eq!(p.spec.encode(), want.encode());
    }

    #[test]
    fn filled_parts_stay_shared() {
        let mut template: Rc<PodTemplateSpec> =
            Rc::new(of(r#"{"spec":{"containers":[{"name":"a","image":"nginx","ports":[{"containerPort":80}]}]}}"#));
        set_template_defaults(&mut template);
        let before = template.clone();
        set_template_defaults(&mut template);
        assert!(Rc::ptr_eq(&before, &template));
        let mut p = Pod { spec: template.spec.clone(), ..Pod::default() };
        p.fill();
        assert!(p.spec.containers.ptr_eq(&template.spec.containers));
        assert_eq!(p.spec.containers[0].image_pull_policy, "Always");
    }

    #[test]
    fn fields_that_say_one_thing_agree() {
        let mut p = pod(r#"{"spec":{"serviceAccount":"a","terminationGracePeriodSeconds":-5},
            "status":{"podIP":"10.0.0.1","podIPs":[{"ip":"10.0.0.2"}]}}"#);
        p.fill();
        assert_eq!((p.spec.service_account_name.as_str(), p.spec.service_account.as_str()), ("a", "a"));
        assert_eq!(p.spec.termination_grace_period_seconds, Some(1));
        assert_eq!(p.status.pod_ips[0].ip, "10.0.0.1");
    }

    #[test]
    fn host_network_takes_the_ports_of_the_host() {
        let mut p = pod(r#"{"spec":{"hostNetwork":true,"containers":[{"name":"a","ports":[{"containerPort":80}]}]}}"#);
        p.fill();
        assert_eq!(p.spec.containers[0].ports[0].host_port, 80);
    }

    #[test]
    fn pod_level_requests_come_from_containers_then_limits() {
        let mut p = pod(r#"{"spec":{"resources":{"limits":{"cpu":"2","memory":"1Gi"}},
            "containers":[{"name":"a","resources":{"requests":{"cpu":"500m"}}}]}}"#);
        p.fill();
        let requests = &p.spec.resources.as_ref().expect("they were given").requests;
        assert_eq!(requests.get("cpu"), Some(&Quantity::from_milli(500)));
        assert_eq!(requests.get("memory").map(ToString::to_string).as_deref(), Some("1Gi"));
    }
}
