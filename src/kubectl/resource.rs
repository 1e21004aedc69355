//! Which resources a command means: names on the command line, documents in files, paths on the wire.
//!
//! Upstream: staging/src/k8s.io/cli-runtime/pkg/resource/{builder,visitor,mapper}.go, apimachinery/pkg/api/meta
//! Differs: kinds are known without discovery.

use super::args::Args;
use super::failure::Failure;
use super::host::{self, Host};
use crate::api::KindId;
use crate::apimachinery::value::go_word;
use crate::apimachinery::{Value, yaml};

/// `/apis/apps/v1/namespaces/default/deployments/web`; parts that are empty are left out.
pub fn path_of(kind: KindId, namespace: &str, name: &str) -> String {
    let info = kind.info();
    let root = if info.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}", info.api_version()) };
    let scope = match namespace {
        _ if !info.namespaced => String::new(),
        "" => String::new(),
        ns => format!("/namespaces/{ns}"),
    };
    let name = if name.is_empty() { String::new() } else { format!("/{name}") };
    format!("{root}{scope}/{}{name}", info.plural)
}

/// `deployment.apps`, `pod`: what stands before the slash in kubectl's sentences.
pub fn shown(kind: KindId) -> String {
    let info = kind.info();
    if info.group.is_empty() { info.singular() } else { format!("{}.{}", info.singular(), info.group) }
}

/// The kind that `pods`, `po`, `deployment.apps` or `deployments.v1.apps` mean.
pub fn kind_of(word: &str) -> Option<KindId> {
    let word = word.to_ascii_lowercase();
    let (name, group) = word.split_once('.').unwrap_or((&word, ""));
    KindId::ALL.iter().copied().find(|k| {
        let info = k.info();
        let is_named = info.plural == name || info.singular() == name || info.short.contains(&name);
        is_named && (group.is_empty() || group == info.group || group == format!("{}.{}", info.version, info.group))
    })
}

pub(super) fn known(word: &str) -> Result<KindId, Failure> {
    let name = word.split('.').next().unwrap_or_default();
    kind_of(word).ok_or_else(|| Failure::own(format!("the server doesn't have a resource type \"{name}\"")))
}

/// One object that a command is about; `value` is what its file says, if it comes from one.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub kind: KindId,
    pub namespace: String,
    pub name: String,
    pub source: String,
    pub value: Value,
}

impl Item {
    pub fn path(&self) -> String {
        path_of(self.kind, &self.namespace, &self.name)
    }

    /// `deployment.apps/web`.
    pub fn shown(&self) -> String {
        format!("{}/{}", shown(self.kind), self.name)
    }
}

/// What `-f` names, or else the words from `from` on: `KIND NAME…`, `KIND/NAME…`, `KIND -l …`, `KIND --all`.
pub(super) fn items(host: &mut dyn Host, args: &Args, from: usize) -> Result<Vec<Item>, Failure> {
    if args.flag("filename").is_some() {
        let (items, problems) = of_files(host, args)?;
        Failure::of(problems)?;
        return Ok(items);
    }
    let words = args.words.get(from..).unwrap_or_default();
    let Some(first) = words.first() else {
        return Err(Failure::own(
            "You must provide one or more resources by argument or filename.\nExample resource specifications \
             include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
        ));
    };
    let named = |kind: KindId, name: &str| Item {
        kind,
        namespace: if kind.info().namespaced { args.namespace().to_owned() } else { String::new() },
        name: name.to_owned(),
        source: String::new(),
        value: Value::Null,
    };
    let mut found = Vec::new();
    if words.iter().any(|w| w.contains('/')) {
        if words.iter().any(|w| !w.contains('/')) {
            let how = "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";
            let why = "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form";
            return Err(Failure::own(format!("{why} {how}")));
        }
        for word in words {
            let (kind, name) = word.split_once('/').unwrap_or((word, ""));
            found.push(named(known(kind)?, name));
        }
        return Ok(found);
    }
    for word in first.split(',') {
        let kind = known(word)?;
        found.extend(words[1..].iter().map(|name| named(kind, name)));
        if words.len() == 1 && (args.is("all") || args.flag("selector").is_some()) {
            let namespace = if args.is("all-namespaces") { "" } else { args.namespace() };
            for o in host::list(host, kind, namespace, args.flag("selector").unwrap_or_default())? {
                let text = |p: &str| o.pointer(p).and_then(Value::as_str).unwrap_or_default().to_owned();
                let mut item = named(kind, &text("/metadata/name"));
                item.namespace = text("/metadata/namespace");
                found.push(item);
            }
        }
    }
    Ok(found)
}

/// The documents of all files, as far as they can be read, and what is wrong with the others.
pub(super) fn of_files(host: &dyn Host, args: &Args) -> Result<(Vec<Item>, Vec<Failure>), Failure> {
    let (mut items, mut problems) = (Vec::new(), Vec::new());
    for path in args.all("filename") {
        let Some(files) = host.files(path, args.is("recursive")) else {
            return Err(Failure::own(format!("the path \"{path}\" does not exist")));
        };
        for (name, text) in files {
            let source = if path == "-" { "STDIN".to_owned() } else { name };
            let (documents, problem) = yaml::read(&text);
            for d in documents {
                let inner = match &d.value["items"] {
                    Value::Array(items) if d.value["kind"] == "List" => items.clone(),
                    _ => vec![d.value.clone()],
                };
                for value in inner {
                    match item_of(args, &source, value) {
                        Ok(item) => items.push(item),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            problems.extend(problem.map(|e| Failure::own(format!("error parsing {source}: {}", e.message))));
        }
    }
    Ok((items, problems))
}

/// A kind by its name, which discovery also knows in small letters.
fn mapped(api_version: &str, name: &str) -> Option<KindId> {
    let is_named = |k: &KindId| k.info().kind == name || k.info().singular() == name;
    KindId::ALL.iter().copied().find(|k| is_named(k) && k.info().api_version() == api_version)
}

/// Why a document is no object. Upstream: kubectl/pkg/validation, runtime/schema.ParseGroupVersion.
fn unfit(value: &Value) -> Option<String> {
    if !value.is_object() {
        return Some("invalid object to validate".to_owned());
    }
    let mut wrong = Vec::new();
    for key in ["apiVersion", "kind"] {
        match &value[key] {
            Value::Null => wrong.push(format!("{key} not set")),
            Value::String(s) if s.is_empty() => wrong.push(format!("{key} not set")),
            Value::String(_) => {}
            _ => wrong.push(format!("{key} isn't string type")),
        }
    }
    match wrong.as_slice() {
        [] => {}
        [one] => return Some(one.clone()),
        many => return Some(format!("[{}]", many.join(", "))),
    }
    let version = value["apiVersion"].as_str().unwrap_or_default();
    (version.matches('/').count() > 1).then(|| format!("unexpected GroupVersion string: {version}"))
}

/// What a document says of itself. Upstream: Mapper.infoForData, validation of apiVersion and kind.
fn item_of(args: &Args, source: &str, mut value: Value) -> Result<Item, Failure> {
    let text = |p: &str| value.pointer(p).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind_name) = (text("/apiVersion"), text("/kind"));
    if let Some(why) = unfit(&value) {
        return Err(Failure::own(format!(
            "error validating \"{source}\": error validating data: {why}; if you choose to ignore these errors, turn \
             validation off with --validate=false"
        )));
    }
    let (name, namespace) = (text("/metadata/name"), text("/metadata/namespace"));
    let is_text = |v: &Value| v.is_null() || v.is_string();
    let undecodable = match &value["metadata"] {
        Value::Null => None,
        Value::Object(meta) if meta.get("name").is_none_or(is_text) => None,
        Value::Object(meta) => Some((&meta["name"], "ObjectMeta.metadata.name of type string")),
        other => Some((other, "metadataOnlyObject.metadata of type v1.ObjectMeta")),
    };
    if let Some((what, field)) = undecodable {
        let what = go_word(what);
        return Err(Failure::own(format!(
            "unable to decode \"{source}\": json: cannot unmarshal {what} into Go struct field {field}"
        )));
    }
    let Some(kind) = mapped(&api_version, &kind_name) else {
        return Err(Failure::own(format!(
            "resource mapping not found for name: \"{name}\" namespace: \"{namespace}\" from \"{source}\": no matches \
             for kind \"{kind_name}\" in version \"{api_version}\"\nensure CRDs are installed first"
        )));
    };
    let mut scope = String::new();
    if kind.info().namespaced {
        scope = if namespace.is_empty() { args.namespace().to_owned() } else { namespace };
        if let Some(asked) = args.flag("namespace").filter(|asked| *asked != scope) {
            return Err(Failure::own(format!(
                "the namespace from the provided object \"{scope}\" does not match the namespace \"{asked}\". You must \
                 pass '--namespace={scope}' to perform this operation."
            )));
        }
        if value["metadata"].is_object() {
            value["metadata"]["namespace"] = scope.clone().into();
        }
    }
    Ok(Item { kind, namespace: scope, name, source: source.to_owned(), value })
}
