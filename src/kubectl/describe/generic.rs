//! Kinds that kubectl has no description for: all their fields, with names made readable.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/describe/describe.go (genericDescriber, printUnstructuredContent)
//! Differs: nothing known.

use super::text::{Writer, put};
use crate::api::Object;
use crate::apimachinery::{Arrange, Value};

/// What stands at the top of the description already.
const SKIPPED: &[&str] =
    &[".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"];

pub(super) fn describe(w: &mut Writer, object: &Object) {
    w.name_and_namespace(object.meta());
    w.labels_and_annotations(object.meta());
    content(w, 0, &object.encode(), "");
}

fn content(w: &mut Writer, level: usize, value: &Value, path: &str) {
    let Value::Object(map) = value else { return };
    let mut fields: Vec<(&String, &Value)> = map.iter().collect();
    fields.arrange_by_key(|(name, _)| *name);
    for (name, value) in fields {
        let path = format!("{path}.{name}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let label = label(name);
        match value {
            Value::Object(_) => {
                w.title(level, &label);
                content(w, level + 1, value, &path);
            }
            Value::Array(items) => {
                w.title(level, &label);
                for item in items {
                    match item {
                        Value::Object(_) => content(w, level + 1, item, &path),
                        _ => put!(w, level + 1, "{}\n", go_value(item)),
                    }
                }
            }
            _ => w.field(level, &label, go_value(value)),
        }
    }
}

/// Go's `%v` of a decoded JSON value.
pub(super) fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_value).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut pairs: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", go_value(v))).collect();
            pairs.arrange();
            format!("map[{}]", pairs.join(" "))
        }
    }
}

/// `apiVersion` → `API Version`; a name with other signs than letters and `-` stays.
fn label(field: &str) -> String {
    if field.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return field.to_owned();
    }
    let words = camel_words(field).into_iter().map(|word| {
        let upper = word.to_uppercase();
        if ["API", "URL", "UID", "OSB", "GUID"].contains(&upper.as_str()) {
            return upper;
        }
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| {
            first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect::<String>()
        })
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Runs of small letters, of capitals and of the rest; the last capital of a run begins the word that follows.
fn camel_words(text: &str) -> Vec<String> {
    let class = |c: char| match c {
        _ if c.is_lowercase() => 0,
        _ if c.is_uppercase() => 1,
        _ => 2,
    };
    let mut runs: Vec<(i32, String)> = Vec::new();
    for c in text.chars() {
        match runs.last_mut() {
            Some((last, run)) if *last == class(c) => run.push(c),
            _ => runs.push((class(c), c.to_string())),
        }
    }
    for i in 1..runs.len() {
        if (runs[i - 1].0, runs[i].0) == (1, 0)
            && let Some(capital) = runs[i - 1].1.pop()
        {
            runs[i].1.insert(0, capital);
        }
    }
    runs.into_iter().map(|(_, run)| run).filter(|run| !run.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn names_of_fields_become_labels() {
        for (field, want) in [
            ("apiVersion", "API Version"),
            ("uid", "UID"),
            ("ownerReferences", "Owner References"),
            ("clusterIP", "Cluster Ip"),
            ("podIPs", "Pod I Ps"),
            ("foo-bar", "Foo - Bar"),
            ("$patch", "$patch"),
            ("tls.crt", "tls.crt"),
        ] {
            assert_eq!(label(field), want, "{field}");
        }
    }
}
