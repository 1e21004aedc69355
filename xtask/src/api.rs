//! `cargo xtask api` and `cargo xtask parity`: the API's types as declarations, and as the table that tests hold them to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::openapi::{self, Definition, Fact, Ty};
use crate::steps::{Outcome, files_below, read_file, root, write_file};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const TABLE: &str = "tests/parity/kubernetes-v1.35.txt";

/// `api KIND --openapi FILE`: prints what a room would say of its kind, and of the types that no room has yet.
pub(crate) fn print(args: &[String]) -> Outcome {
    let usage = "Usage: cargo xtask api KIND|ID --openapi FILE";
    let (names, file) = arguments(args).ok_or(usage)?;
    let [name] = names.as_slice() else { return Err(usage.to_owned()) };
    let all = openapi::read(&file)?;
    let mut roots: Vec<&String> = all
        .keys()
        .filter(|id| *id == name || (id.rsplit('.').next() == Some(name) && all[*id].kind.is_some()))
        .collect();
    // Of several versions the stable one is meant.
    roots.sort_by_key(|id| (id.contains("alpha") || id.contains("beta"), id.len()));
    let id = roots.first().ok_or_else(|| format!("{}: no kind {name}", file.display()))?;
    let structs = declarations(&all, id, &declared()?);
    println!("crate::api! {{\n{}}}", structs.join("\n"));
    Ok(())
}

/// `parity --openapi FILE`: writes the table.
pub(crate) fn write_table(args: &[String]) -> Outcome {
    let usage = "Usage: cargo xtask parity --openapi FILE";
    let (names, file) = arguments(args).ok_or(usage)?;
    if !names.is_empty() {
        return Err(usage.to_owned());
    }
    let mut out = String::from(
        "# The types of Kubernetes v1.35: facts of its OpenAPI document, written by `cargo xtask parity`.\n\
         # A type, `atomic` where it has one owner; below it a field a line: name (`!` where it is required), type,\n\
         # then what lists and patches need to know.\n",
    );
    for (id, definition) in &openapi::read(&file)? {
        out += &format!("{id}{}\n", if definition.atomic { " atomic" } else { "" });
        for field in &definition.fields {
            out += &format!(" {}\n", line(field));
        }
    }
    write_file(&root().join(TABLE), out)
}

fn arguments(args: &[String]) -> Option<(Vec<String>, PathBuf)> {
    let at = args.iter().position(|arg| arg == "--openapi")?;
    let file = args.get(at + 1)?;
    let names = args.iter().enumerate().filter(|(i, _)| *i != at && *i != at + 1).map(|(_, arg)| arg.clone());
    Some((names.collect(), PathBuf::from(file)))
}

/// `env []io.k8s.api.core.v1.EnvVar map(name) merge(name)`
fn line(f: &Fact) -> String {
    let mut out = format!("{}{} {}", f.name, if f.required { "!" } else { "" }, type_word(&f.ty));
    match (f.list.as_str(), f.keys.as_slice()) {
        ("", _) => {}
        ("map", keys) => out += &format!(" map({})", keys.join(",")),
        (list, _) => out += &format!(" {list}"),
    }
    if f.merge {
        out += &format!(" merge({})", f.merge_key);
    }
    if f.retain_keys {
        out += " retainKeys";
    }
    out
}

fn type_word(ty: &Ty) -> String {
    match ty {
        Ty::Plain(word) => (*word).to_owned(),
        Ty::Struct(id) => id.clone(),
        Ty::List(item) => format!("[]{}", type_word(item)),
        Ty::Map(item) => format!("map {}", type_word(item)),
    }
}

/// The text of all rooms.
fn declared() -> Outcome<String> {
    let folder = root().join("src/api");
    let texts = files_below(&folder)?.into_iter().map(|file| read_file(&folder.join(file)));
    Ok(texts.map(|text| Ok(String::from_utf8_lossy(&text?).into_owned())).collect::<Outcome<Vec<_>>>()?.concat())
}

/// The struct and, in the order in which they are first met, those it is made of.
fn declarations(all: &BTreeMap<String, Definition>, root: &str, declared: &str) -> Vec<String> {
    let mut seen = BTreeSet::from([root.to_owned()]);
    let mut queue = vec![root.to_owned()];
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(id) = queue.get(at).cloned() {
        at += 1;
        let Some(definition) = all.get(&id) else { continue };
        out.push(declaration(all, &id, definition));
        for field in &definition.fields {
            let Some(inner) = struct_of(&field.ty) else { continue };
            let known = inner.starts_with(META) || declared.contains(&format!("\"{inner}\""));
            if !known && is_struct(all, inner) && seen.insert(inner.to_owned()) {
                queue.push(inner.to_owned());
            }
        }
    }
    out
}

fn is_struct(all: &BTreeMap<String, Definition>, id: &str) -> bool {
    all.get(id).is_some_and(|definition| !definition.fields.is_empty())
}

fn struct_of(ty: &Ty) -> Option<&str> {
    match ty {
        Ty::Plain(_) => None,
        Ty::Struct(id) => Some(id),
        Ty::List(item) | Ty::Map(item) => struct_of(item),
    }
}

fn declaration(all: &BTreeMap<String, Definition>, id: &str, definition: &Definition) -> String {
    let name = last(id);
    let mut out = format!("    pub struct {name} = \"{id}\"{} {{\n", if definition.atomic { " atomic" } else { "" });
    for f in &definition.fields {
        // The codec knows the two that every object has.
        if definition.kind.is_some() && matches!(f.name.as_str(), "apiVersion" | "kind") {
            continue;
        }
        out += &format!(
            "        {}: {} = \"{}\"{},\n",
            snake(&f.name),
            rust_type(all, name, f),
            f.name,
            attributes(all, f)
        );
    }
    out + "    }\n"
}

fn last(id: &str) -> &str {
    id.rsplit('.').next().unwrap_or(id)
}

/// A first guess: a document does not tell pointers from values, so what is optional is taken for a pointer in what
/// users write and for a value in what is observed.
fn rust_type(all: &BTreeMap<String, Definition>, of: &str, f: &Fact) -> String {
    let bare = bare_type(all, &f.ty);
    let observed = of.ends_with("Status") || of.ends_with("Condition");
    match &f.ty {
        Ty::Struct(id) if !is_struct(all, id) => bare,
        Ty::Struct(id) if *id == format!("{META}ObjectMeta") => bare,
        Ty::Struct(id) if last(id) == format!("{of}Spec") || last(id) == format!("{of}Status") => format!("Rc<{bare}>"),
        Ty::Struct(_) if !f.required => format!("Option<Rc<{bare}>>"),
        Ty::Plain("Time" | "MicroTime" | "Quantity" | "IntOrString") if !f.required && !of.ends_with("Condition") => {
            format!("Option<{bare}>")
        }
        Ty::Plain("bool" | "int32" | "int64" | "double") if !f.required && !observed => format!("Option<{bare}>"),
        _ => bare,
    }
}

fn bare_type(all: &BTreeMap<String, Definition>, ty: &Ty) -> String {
    match ty {
        Ty::Plain("int32") => "i32".to_owned(),
        Ty::Plain("int64") => "i64".to_owned(),
        Ty::Plain("double") => "f64".to_owned(),
        Ty::Plain("bytes") => "Bytes".to_owned(),
        Ty::Plain("string") => "Str".to_owned(),
        Ty::Plain("object") => "Opaque".to_owned(),
        Ty::Plain(word) => (*word).to_owned(),
        Ty::Struct(id) if !is_struct(all, id) => "Opaque".to_owned(),
        Ty::Struct(id) => last(id).to_owned(),
        Ty::List(item) => format!("List<{}>", bare_type(all, item)),
        Ty::Map(item) => match bare_type(all, item).as_str() {
            "Str" => "Map".to_owned(),
            item => format!("Map<{item}>"),
        },
    }
}

fn attributes(all: &BTreeMap<String, Definition>, f: &Fact) -> String {
    let mut out = String::new();
    let id = struct_of(&f.ty);
    // Structs that are no pointers are written even when they are empty.
    let plain = id.is_some_and(|id| matches!(last(id), "ObjectMeta") || id.ends_with("Spec") || id.ends_with("Status"));
    if f.required || (plain && matches!(f.ty, Ty::Struct(_))) {
        out += ".always()";
    }
    if f.required && matches!(f.ty, Ty::Struct(_) | Ty::Plain("Time" | "MicroTime" | "Quantity" | "IntOrString")) {
        out += ".required()";
    }
    if let Some(id) = id.filter(|id| !is_struct(all, id)) {
        out += &format!(".of(\"{id}\")");
    }
    match (f.merge, f.merge_key.as_str(), f.list.as_str()) {
        (true, "", "set") => return out + ".merge_set()",
        (true, "", _) => out += ".merge_struct()",
        (true, key, _) => out += &format!(".merge(\"{key}\")"),
        (false, ..) => {}
    }
    if f.retain_keys {
        out += ".retain_keys()";
    }
    match f.list.as_str() {
        "atomic" => out += ".atomic()",
        "set" => out += ".set()",
        "map" => {
            let keys: Vec<String> = f.keys.iter().map(|key| format!("\"{key}\"")).collect();
            out += &format!(".keys(&[{}])", keys.join(", "));
        }
        _ => {}
    }
    out
}

/// `podIPs` → `pod_ips`, `type` → `type_`.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in letters.iter().enumerate() {
        if c.is_uppercase() && i > 0 {
            let after_small = !letters[i - 1].is_uppercase();
            // The last capital of a run begins a word, unless the run is a plural: `podIPs`.
            let before_word = letters.get(i + 1).is_some_and(|next| next.is_lowercase())
                && !(letters.get(i + 1) == Some(&'s') && letters.get(i + 2).is_none_or(|c| c.is_uppercase()));
            if after_small || before_word {
                out.push('_');
            }
        }
        out.extend(c.to_lowercase());
    }
    match out.as_str() {
        "type" | "continue" | "ref" | "match" | "in" | "use" => out + "_",
        _ => out.replace(['-', '$'], "_"),
    }
}

#[cfg(test)]
mod tests {
    use super::snake;

    #[test]
    fn names_of_fields_become_names_in_rust() {
        for (name, want) in [
            ("podIPs", "pod_ips"),
            ("hostIP", "host_ip"),
            ("type", "type_"),
            ("clusterIPConfig", "cluster_ip_config"),
            ("setHostnameAsFQDN", "set_hostname_as_fqdn"),
            ("httpGet", "http_get"),
            ("imageID", "image_id"),
        ] {
            assert_eq!(snake(name), want, "{name}");
        }
    }
}
