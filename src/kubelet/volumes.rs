//! Volumes of a pod: what they hold, and what is said when a source is not there.
//!
//! Upstream: pkg/kubelet/volumemanager (WaitForAttachAndMount, reconciler), pkg/volume/{configmap,secret,projected,
//! downwardapi,emptydir}, pkg/util/goroutinemap/exponentialbackoff
//! Differs: nothing is attached; storage of claims is kept with the pod.

use super::pod_worker::PodWorker;
use super::{Cx, env};
use crate::api::Key;
use crate::api::core::{ConfigMap, DownwardAPIVolumeFile, KeyToPath, Secret, Volume as Source};
use crate::apimachinery::Str;
use crate::apimachinery::codec::Bytes;
use crate::runtime::Tree;
use crate::runtime::fs::Volume;
use crate::sim::{Duration, Time};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(122);
/// The reconciler looks so often.
const RECONCILE: Duration = Duration::from_millis(100);

impl PodWorker {
    /// Fills all volumes, or says what is missing and when it is tried again.
    pub(super) fn mount(&mut self, cx: &mut Cx) -> Result<(), Time> {
        let first = !self.volumes_ready;
        if !first && !self.has_live_volumes() {
            return Ok(());
        }
        let now = cx.t.now;
        let pod = self.pod.clone();
        let mut failed = false;
        for v in &pod.spec.volumes {
            if !first && !is_live(v) {
                continue;
            }
            match self.fill(v, cx) {
                Ok(volume) => {
                    self.volumes.insert(&v.name, volume);
                }
                // What was there once stays when its source goes.
                Err(_) if !first => {}
                Err(why) => {
                    failed = true;
                    let text = format!("MountVolume.SetUp failed for volume {:?} : {why}", v.name);
                    self.pod_event(cx, "Warning", "FailedMount", &text);
                }
            }
        }
        if !failed {
            self.volumes_ready = true;
            self.mount_pause = Duration::ZERO;
            return Ok(());
        }
        self.mount_pause =
            if self.mount_pause.is_zero() { FIRST_PAUSE } else { (self.mount_pause * 2).min(LAST_PAUSE) };
        self.mount_at = now + self.mount_pause + RECONCILE;
        Err(self.mount_at)
    }

    /// Whether a volume may change while the pod runs.
    pub(super) fn has_live_volumes(&self) -> bool {
        self.pod.spec.volumes.iter().any(is_live)
    }

    /// The volume of a service account's token: one tree for all pods of the account.
    fn account_tree(&self, v: &Source, cx: &mut Cx) -> Option<Tree> {
        let sources = &v.projected.as_ref()?.sources;
        if !sources.iter().any(|s| s.service_account_token.is_some()) || v.projected.as_ref()?.sources.len() != 3 {
            return None;
        }
        let namespace = &self.pod.metadata.namespace;
        let roots = cx.t.view.get::<ConfigMap>(&Key::new(namespace.clone(), "kube-root-ca.crt"))?;
        let roots = roots.data.get("ca.crt")?.clone();
        let name = Str::from(format!("{namespace}/{}", self.pod.spec.service_account_name));
        if let Some((made_of, tree)) = cx.k.tokens.get(&name)
            && *made_of == roots
        {
            return Some(tree.clone());
        }
        let mut tree = Tree::default();
        tree.put("/ca.crt", Bytes::from(roots.as_str()));
        tree.put("/namespace", Bytes::from(namespace.as_str()));
        tree.put("/token", Bytes::from(format!("system:serviceaccount:{}", name.replace('/', ":")).as_str()));
        cx.k.tokens.insert(name, (roots, tree.clone()));
        Some(tree)
    }

    fn fill(&self, v: &Source, cx: &mut Cx) -> Result<Volume, String> {
        if let Some(tree) = self.account_tree(v, cx) {
            return Ok(Volume { tree, read_only: true });
        }
        let mut tree = Tree::default();
        let mut read_only = false;
        if let Some(s) = &v.config_map {
            self.config_map(&s.name, &s.items, s.optional, &mut tree, cx)?;
            read_only = true;
        } else if let Some(s) = &v.secret {
            self.secret(&s.secret_name, &s.items, s.optional, &mut tree, cx)?;
            read_only = true;
        } else if let Some(s) = &v.downward_api {
            self.downward(&s.items, &mut tree, cx)?;
            read_only = true;
        } else if let Some(s) = &v.projected {
            read_only = true;
            let mut missing = Vec::new();
            for p in &s.sources {
                let mut one = Ok(());
                if let Some(p) = &p.secret {
                    one = self.secret(&p.name, &p.items, p.optional, &mut tree, cx);
                } else if let Some(p) = &p.config_map {
                    one = self.config_map(&p.name, &p.items, p.optional, &mut tree, cx);
                } else if let Some(p) = &p.downward_api {
                    one = self.downward(&p.items, &mut tree, cx);
                } else if let Some(p) = &p.service_account_token {
                    let subject = format!(
                        "system:serviceaccount:{}:{}",
                        self.pod.metadata.namespace, self.pod.spec.service_account_name
                    );
                    tree.put(format!("/{}", p.path), Bytes::from(subject.as_str()));
                }
                if let Err(e) = one {
                    missing.push(e);
                }
            }
            match missing.len() {
                0 => {}
                1 => return Err(missing.remove(0)),
                _ => return Err(format!("[{}]", missing.join(", "))),
            }
        } else if let Some(old) = self.volumes.get(&v.name) {
            return Ok(old.clone());
        }
        Ok(Volume { tree, read_only })
    }

    fn config_map(
        &self,
        name: &str,
        items: &[KeyToPath],
        optional: Option<bool>,
        tree: &mut Tree,
        cx: &Cx,
    ) -> Result<(), String> {
        let key = Key::new(self.pod.metadata.namespace.clone(), name);
        let optional = optional == Some(true);
        let Some(m) = cx.t.view.get::<ConfigMap>(&key) else {
            return if optional { Ok(()) } else { Err(format!("configmap {name:?} not found")) };
        };
        let text = m.data.iter().map(|(k, v)| (k.clone(), Bytes::from(v.as_str())));
        let all: Vec<(Str, Bytes)> = text.chain(m.binary_data.iter().map(|(k, v)| (k.clone(), v.clone()))).collect();
        put(all, items, optional, "configmap references non-existent config key", tree)
    }

    fn secret(
        &self,
        name: &str,
        items: &[KeyToPath],
        optional: Option<bool>,
        tree: &mut Tree,
        cx: &Cx,
    ) -> Result<(), String> {
        let key = Key::new(self.pod.metadata.namespace.clone(), name);
        let optional = optional == Some(true);
        let Some(s) = cx.t.view.get::<Secret>(&key) else {
            return if optional { Ok(()) } else { Err(format!("secret {name:?} not found")) };
        };
        let all = s.data.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        put(all, items, optional, "references non-existent secret key", tree)
    }

    fn downward(&self, items: &[DownwardAPIVolumeFile], tree: &mut Tree, cx: &Cx) -> Result<(), String> {
        for i in items {
            let value = if let Some(f) = &i.field_ref {
                env::field(self, &f.field_path, cx)?
            } else if let Some(r) = &i.resource_field_ref {
                let spec = super::pod_worker::find_spec(&self.pod, &r.container_name)
                    .ok_or_else(|| format!("container {} not found", r.container_name))?;
                env::resource(spec, r, cx)?
            } else {
                continue;
            };
            tree.put(format!("/{}", i.path), Bytes::from(value.as_str()));
        }
        Ok(())
    }
}

fn put(
    all: Vec<(Str, Bytes)>,
    items: &[KeyToPath],
    optional: bool,
    missing: &str,
    tree: &mut Tree,
) -> Result<(), String> {
    if items.is_empty() {
        for (k, v) in all {
            tree.put(format!("/{k}"), v);
        }
        return Ok(());
    }
    for i in items {
        match all.iter().find(|(k, _)| *k == i.key) {
            Some((_, v)) => tree.put(format!("/{}", i.path), v.clone()),
            None if optional => {}
            None => return Err(format!("{missing}: {}", i.key)),
        }
    }
    Ok(())
}

/// Whether the volume follows its source; the volume of the service account's token does not count.
fn is_live(v: &Source) -> bool {
    v.config_map.is_some()
        || v.secret.is_some()
        || v.downward_api.is_some()
        || v.projected.as_ref().is_some_and(|p| !p.sources.iter().any(|s| s.service_account_token.is_some()))
}
