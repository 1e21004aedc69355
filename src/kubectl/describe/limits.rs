//! LimitRanges and ResourceQuotas, by themselves and in their Namespace.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeLimitRange, describeQuota,
//! DescribeLimitRanges, DescribeResourceQuotas)
//! Differs: the resources of a limit are in the order of their names, where upstream's have none.

use super::text::{Writer, put};
use crate::api::core::{LimitRange, ResourceQuota};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{Arrange, OrdSet};
use crate::apiserver::Tables;

pub(super) fn describe_limits(w: &mut Writer, range: &LimitRange) {
    w.name_and_namespace(&range.metadata);
    limit_head(w, "");
    limits(w, "", range);
}

pub(super) fn describe_quota(w: &mut Writer, quota: &ResourceQuota) {
    w.name_and_namespace(&quota.metadata);
    scopes(w, 0, " * ", quota);
    put!(w, 0, "Resource\tUsed\tHard\n");
    put!(w, 0, "--------\t----\t----\n");
    for (name, hard) in quota.status.hard.iter() {
        let mut used = quota.status.used.get(name).cloned().unwrap_or_else(Quantity::zero);
        if used.format() != hard.format() {
            used = Quantity::from_value(used.value(), hard.format());
        }
        put!(w, 0, "{name}\t{used}\t{hard}\n");
    }
}

pub(super) fn of_namespace(w: &mut Writer, tables: &Tables, namespace: &str) {
    let mut quotas = tables.list::<ResourceQuota>(Some(namespace)).peekable();
    put!(w, 0, "\n{}\n", if quotas.peek().is_some() { "Resource Quotas" } else { "No resource quota." });
    for quota in quotas {
        w.field(1, "Name", &quota.metadata.name);
        scopes(w, 1, "* ", quota);
        put!(w, 1, "Resource\tUsed\tHard\n");
        put!(w, 1, "--------\t---\t---\n");
        for (name, hard) in quota.status.hard.iter() {
            let used = quota.status.used.get(name).cloned().unwrap_or_else(Quantity::zero);
            put!(w, 1, "{name}\t{used}\t{hard}\n");
        }
    }
    let mut ranges = tables.list::<LimitRange>(Some(namespace)).peekable();
    if ranges.peek().is_none() {
        put!(w, 0, "\nNo LimitRange resource.\n");
        return;
    }
    put!(w, 0, "\nResource Limits\n");
    limit_head(w, " ");
    ranges.for_each(|range| limits(w, " ", range));
}

fn limit_head(w: &mut Writer, prefix: &str) {
    let heads = ["Type", "Resource", "Min", "Max", "Default Request", "Default Limit", "Max Limit/Request Ratio"];
    put!(w, 0, "{prefix}{}\n", heads.join("\t"));
    put!(w, 0, "{prefix}{}\n", heads.map(|head| "-".repeat(head.len())).join("\t"));
}

fn limits(w: &mut Writer, prefix: &str, range: &LimitRange) {
    for item in &range.spec.limits {
        let lists = [&item.min, &item.max, &item.default_request, &item.default, &item.max_limit_request_ratio];
        let names: OrdSet<_> = lists.iter().flat_map(|list| list.keys()).collect();
        for name in names.iter() {
            let cells = lists.map(|list| list.get(name).map_or("-".to_owned(), ToString::to_string));
            put!(w, 0, "{prefix}{}\t{name}\t{}\n", item.type_, cells.join("\t"));
        }
    }
}

fn scopes(w: &mut Writer, level: usize, mark: &str, quota: &ResourceQuota) {
    if quota.spec.scopes.is_empty() {
        return;
    }
    let mut scopes: Vec<&str> = quota.spec.scopes.iter().map(|scope| scope.as_str()).collect();
    scopes.arrange();
    w.field(level, "Scopes", scopes.join(", "));
    for help in scopes.into_iter().filter_map(help) {
        put!(w, level, "{mark}{help}\n");
    }
}

fn help(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "Terminating" => {
            "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being \
             actively terminated by the system."
        }
        "NotTerminating" => {
            "Matches all pods that do not have an active deadline. These pods usually include long running pods whose \
             container command is not expected to terminate."
        }
        "BestEffort" => {
            "Matches all pods that do not have resource requirements set. These pods have a best effort quality of \
             service."
        }
        "NotBestEffort" => {
            "Matches all pods that have at least one resource requirement set. These pods have a burstable or \
             guaranteed quality of service."
        }
        _ => return None,
    })
}
