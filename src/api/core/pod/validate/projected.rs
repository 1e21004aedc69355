//! Volumes projected from several sources.
//!
//! Upstream: pkg/apis/core/validation/validation.go (validateProjectionSources)
//! Differs: of cluster trust bundles and pod certificates, which are switched off, only that they are one source is seen.

use super::volumes::{downward_file, key_to_path, local_path, mode};
use crate::api::core::pod::*;
use crate::apimachinery::{ErrorList, OrdSet, Path, Str};

pub(super) fn projected(p: &ProjectedVolumeSource, path: Path, errs: &mut ErrorList) {
    mode(p.default_mode, path.child("defaultMode"), errs);
    let mut taken = OrdSet::new();
    let sources = path.child("sources");
    for (i, s) in p.sources.iter().enumerate() {
        let at = sources.index(i);
        let mut count = 0;
        if let Some(secret) = s.secret.as_deref() {
            count += 1;
            keys(&secret.name, &secret.items, &mut taken, path, at.child("secret"), errs);
        }
        if let Some(map) = s.config_map.as_deref() {
            count += 1;
            keys(&map.name, &map.items, &mut taken, path, at.child("configMap"), errs);
        }
        if let Some(d) = s.downward_api.as_deref() {
            count += 1;
            for file in &d.items {
                downward_file(file, at.child("downwardAPI"), errs);
                take(&file.path, &file.path, &mut taken, path, errs);
            }
        }
        if let Some(t) = s.service_account_token.as_deref() {
            count += 1;
            let token = at.child("serviceAccountToken");
            let seconds = t.expiration_seconds.unwrap_or_default();
            if seconds < 600 {
                let why = "may not specify a duration less than 10 minutes";
                errs.invalid(token.child("expirationSeconds"), seconds, why);
            }
            if seconds > 1 << 32 {
                let why = "may not specify a duration larger than 2^32 seconds";
                errs.invalid(token.child("expirationSeconds"), seconds, why);
            }
            if t.path.is_empty() {
                errs.required(path.child("path"), "");
            } else {
                local_path(&t.path, path.child("path"), errs);
            }
        }
        count += i32::from(s.cluster_trust_bundle.is_some()) + i32::from(s.pod_certificate.is_some());
        if count > 1 {
            errs.forbidden(at, "may not specify more than 1 volume type per source");
        }
    }
}

fn keys<'a>(
    name: &Str,
    items: &'a [KeyToPath],
    taken: &mut OrdSet<&'a str>,
    volume: Path,
    path: Path,
    errs: &mut ErrorList,
) {
    if name.is_empty() {
        errs.required(path.child("name"), "");
    }
    let list = path.child("items");
    for (i, item) in items.iter().enumerate() {
        key_to_path(item, list.index(i), errs);
        take(&item.path, name, taken, volume, errs);
    }
}

fn take<'a>(file: &'a Str, shown: &str, taken: &mut OrdSet<&'a str>, path: Path, errs: &mut ErrorList) {
    if !file.is_empty() && !taken.insert(file) {
        errs.invalid(path, shown, "conflicting duplicate paths");
    }
}
