//! `kubectl describe`.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/describe/describe.go
//! Differs: a name must be whole, where kubectl also takes the beginning of one.

use crate::api::Key;
use crate::apimachinery::Value;
use crate::kubectl::Printed;
use crate::kubectl::args::Args;
use crate::kubectl::describe::describe;
use crate::kubectl::failure::Failure;
use crate::kubectl::host::{self, Host};
use crate::kubectl::resource::{items, known};

pub(super) fn run(host: &mut dyn Host, args: &Args, p: &mut Printed) -> Result<(), Failure> {
    let mut named = items(host, args, 1)?;
    if named.is_empty() {
        // A kind alone: all of them.
        let kind = known(args.words.get(1).map_or("", String::as_str))?;
        let namespace = if args.is("all-namespaces") { "" } else { args.namespace() };
        for o in host::list(host, kind, namespace, "")? {
            let text = |p: &str| o.pointer(p).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
            named.push(crate::kubectl::resource::Item {
                kind,
                namespace,
                name,
                source: String::new(),
                value: Value::Null,
            });
        }
        if named.is_empty() {
            p.err.push_str(&match kind.info().namespaced && !args.is("all-namespaces") {
                true => format!("No resources found in {namespace} namespace.\n"),
                false => "No resources found\n".to_owned(),
            });
        }
    }
    let (mut texts, mut failed) = (Vec::new(), Vec::new());
    for item in &named {
        match host::get(host, item.kind, &item.namespace, &item.name) {
            Err(e) => failed.push(e),
            Ok(_) => {
                let key = Key::new(item.namespace.as_str(), item.name.as_str());
                let object = host.tables().object(item.kind, &key).expect("the server has just shown it");
                texts.push(describe(host.tables(), host.wall(), object));
            }
        }
    }
    p.out.push_str(&texts.join("\n\n"));
    Failure::of(failed)
}
