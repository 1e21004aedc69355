//! `kubectl describe` against what the real one printed of the same objects.

use std::collections::BTreeMap;
use std::path::Path;

use kubarium::api::{Key, KindId, Object};
use kubarium::apimachinery::{Decoder, Value};
use kubarium::apiserver::Store;
use kubarium::kubectl::describe::describe;
use libtest_mimic::{Failed, Trial};

/// A case is one YAML file of `tests/describe`: `now`, `objects`, and under `texts` what is printed of
/// `Kind/name` or `Kind/namespace/name`.
pub(crate) fn trials() -> Vec<Trial> {
    let folder = Path::new("tests/describe");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("tests run in the folder of the package")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            Trial::test(format!("describe::{name}"), move || run(&path).map_err(Failed::from))
        })
        .collect()
}

fn run(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let case: Value = serde_yaml::from_str(&text).map_err(|e| e.to_string())?;
    let now = case["now"].as_str().unwrap_or_default().parse().map_err(|_| "now: no time".to_owned())?;
    let mut store = Store::default();
    let mut versions = BTreeMap::new();
    for value in case["objects"].as_array().into_iter().flatten() {
        let object = decode(value)?;
        versions.insert((object.id(), object.key()), object.meta().resource_version);
        store.put(object, 0);
    }
    let texts = case["texts"].as_object().ok_or("texts are missing")?;
    for (of, want) in texts {
        let parts: Vec<&str> = of.split('/').collect();
        let (kind, key) = match parts.as_slice() {
            [kind, name] => (*kind, Key::new("", *name)),
            [kind, namespace, name] => (*kind, Key::new(*namespace, *name)),
            _ => return Err(format!("{of}: neither Kind/name nor Kind/namespace/name")),
        };
        let id = KindId::ALL.iter().find(|id| id.info().kind == kind).ok_or(format!("no kind {kind}"))?;
        let mut object = store.head().object(*id, &key).ok_or(format!("no object {of}"))?.clone();
        // Descriptions of kinds without one of their own show it.
        object.meta_mut().resource_version = versions[&(*id, key)];
        let is = describe(store.head(), now, &object);
        let want = want.as_str().unwrap_or_default();
        if is != want {
            return Err(format!("{of}: {}\nis:\n{is}", first_difference(&is, want)));
        }
    }
    Ok(())
}

fn decode(value: &Value) -> Result<Object, String> {
    let (version, kind) =
        (value["apiVersion"].as_str().unwrap_or_default(), value["kind"].as_str().unwrap_or_default());
    let id = KindId::by_api_version(version, kind).ok_or(format!("no kind {kind}"))?;
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        map.remove("apiVersion");
        map.remove("kind");
    }
    Ok(id.decode(&value, &mut Decoder::new()))
}

fn first_difference(is: &str, want: &str) -> String {
    let (mut is, mut want) = (is.split('\n'), want.split('\n'));
    for number in 1.. {
        match (is.next(), want.next()) {
            (None, None) => break,
            (a, b) if a != b => return format!("line {number}: {a:?}, not {b:?}"),
            _ => {}
        }
    }
    String::new()
}
