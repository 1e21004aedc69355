//! Every declared struct of the API against the facts of Kubernetes' own: fields, types, list types, merge keys.

use std::collections::{BTreeMap, BTreeSet};

use kubarium::api::KindId;
use kubarium::apimachinery::schema::{FieldSchema, StructSchema, Topology, Type};
use libtest_mimic::{Failed, Trial};

/// What is different, and why. `*` is the whole struct.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("io.k8s.api.apps.v1.ControllerRevision", "data", "any tree at all; only its controller reads it"),
    ("io.k8s.api.core.v1.ContainerRestartRule", "action", OMITTED),
    ("io.k8s.api.core.v1.ContainerRestartRuleOnExitCodes", "operator", OMITTED),
    ("io.k8s.api.core.v1.PodCertificateProjection", "signerName", OMITTED),
    ("io.k8s.api.core.v1.PodCertificateProjection", "keyType", OMITTED),
];

const OMITTED: &str = "required of users, yet left out where it is empty";

/// The two fields of every object that the codec knows.
const TYPE_META: &[&str] = &["apiVersion", "kind"];

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("parity::declared structs are those of Kubernetes v1.35", || {
        let (broken, unused) = compare();
        let unused = unused.iter().map(|(id, field)| format!("{id}.{field}: an exception that is none"));
        let lines: Vec<String> = broken.into_iter().chain(unused).collect();
        if lines.is_empty() { Ok(()) } else { Err(Failed::from(lines.join("\n"))) }
    })]
}

struct Definition<'a> {
    atomic: bool,
    fields: BTreeMap<&'a str, &'a str>,
}

fn table(text: &str) -> BTreeMap<&str, Definition<'_>> {
    let mut all = BTreeMap::new();
    let mut last = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix(' ') {
            Some(field) => {
                let (name, facts) = field.split_once(' ').expect("a field has a type");
                let of: &mut Definition<'_> = all.get_mut(last).expect("a field follows its type");
                of.fields.insert(name, facts);
            }
            None => {
                last = line.trim_end_matches(" atomic");
                all.insert(last, Definition { atomic: last != line, fields: BTreeMap::new() });
            }
        }
    }
    all
}

/// The differences, and the exceptions that met none.
fn compare() -> (Vec<String>, Vec<(&'static str, &'static str)>) {
    let table = table(include_str!("../parity/kubernetes-v1.35.txt"));
    let mut out = Vec::new();
    let mut used = BTreeSet::new();
    let mut report = |id: &'static str, field: &str, text: String| {
        let exception = EXCEPTIONS.iter().find(|(of, f, _)| *of == id && (*f == field || *f == "*"));
        match exception {
            Some((of, f, _)) => drop(used.insert((*of, *f))),
            None => out.push(format!("{id}.{field}: {text}")),
        }
    };
    let kinds: BTreeSet<&str> = KindId::ALL.iter().map(|kind| kind.schema().id).collect();
    for schema in structs() {
        let Some(definition) = table.get(schema.id) else {
            report(schema.id, "*", "no such type".to_owned());
            continue;
        };
        if schema.atomic != definition.atomic {
            report(schema.id, "*", format!("atomic: {}, not {}", definition.atomic, schema.atomic));
        }
        let is_kind = kinds.contains(schema.id);
        for field in schema.fields {
            let required = definition.fields.get(format!("{}!", field.name).as_str());
            let Some(want) = required.or(definition.fields.get(field.name)) else {
                report(schema.id, field.name, "no such field".to_owned());
                continue;
            };
            let is = facts(field);
            if is != *want {
                report(schema.id, field.name, format!("{want}, not {is}"));
            }
            if required.is_some() != field.required {
                report(schema.id, field.name, format!("required: {}", required.is_some()));
            }
            if required.is_some() && !field.always {
                report(schema.id, field.name, "required, so it is always written".to_owned());
            }
        }
        for name in definition.fields.keys().map(|name| name.trim_end_matches('!')) {
            if schema.field(name).is_none() && !(is_kind && TYPE_META.contains(&name)) {
                report(schema.id, name, "is missing".to_owned());
            }
        }
    }
    let unused = EXCEPTIONS.iter().map(|(id, field, _)| (*id, *field)).filter(|key| !used.contains(key)).collect();
    (out, unused)
}

/// All that the kinds are made of.
fn structs() -> Vec<&'static StructSchema> {
    fn walk(schema: &'static StructSchema, found: &mut BTreeMap<(&'static str, usize), &'static StructSchema>) {
        if found.insert((schema.id, schema.fields.len()), schema).is_none() {
            schema.fields.iter().filter_map(|field| field.ty.as_struct()).for_each(|inner| walk(inner, found));
        }
    }
    let mut found = BTreeMap::new();
    KindId::ALL.iter().for_each(|kind| walk(kind.schema(), &mut found));
    found.into_values().collect()
}

/// In the words of the table.
fn facts(f: &FieldSchema) -> String {
    let mut out = type_word(&f.ty);
    match f.topology {
        Topology::Default => {}
        Topology::Atomic => out += " atomic",
        Topology::Set => out += " set",
        Topology::Map => out += &format!(" map({})", f.keys.join(",")),
    }
    if f.merge {
        out += &format!(" merge({})", f.merge_key);
    }
    if f.retain_keys {
        out += " retainKeys";
    }
    out
}

fn type_word(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int32 => "int32".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::Float64 => "double".to_owned(),
        Type::String => "string".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Quantity => "Quantity".to_owned(),
        Type::Time => "Time".to_owned(),
        Type::MicroTime => "MicroTime".to_owned(),
        Type::IntOrString => "IntOrString".to_owned(),
        Type::Opaque("") => "object".to_owned(),
        Type::Opaque(id) => (*id).to_owned(),
        Type::List(item) => format!("[]{}", type_word(item)),
        Type::Map(item) => format!("map {}", type_word(item)),
        Type::Struct(schema) => schema().id.to_owned(),
    }
}
