//! What is known of strategic, as tables.

use super::*;
use crate::apimachinery::schema::{FieldSchema, StructSchema, Type};

const STRING: Type = Type::String;
const STRINGS: Type = Type::List(&Type::String);

fn schema() -> &'static StructSchema {
    static SCHEMA: StructSchema = StructSchema {
        name: "PodSpec",
        id: "PodSpec",
        atomic: false,
        fields: &[
            FieldSchema::new("containers", Type::List(&Type::Struct(container))).merge("name"),
            FieldSchema::new("volumes", Type::List(&Type::Struct(volume))).merge("name").retain_keys(),
            FieldSchema::new("finalizers", STRINGS).merge_set(),
            FieldSchema::new("nodeSelector", Type::Map(&Type::String)),
            FieldSchema::new("strategy", Type::Struct(volume)).retain_keys(),
            FieldSchema::new("securityContext", Type::Struct(container)),
            FieldSchema::new("nodeName", STRING),
        ],
    };
    &SCHEMA
}

fn container() -> &'static StructSchema {
    static SCHEMA: StructSchema = StructSchema {
        name: "Container",
        id: "Container",
        atomic: false,
        fields: &[
            FieldSchema::new("name", STRING),
            FieldSchema::new("image", STRING),
            FieldSchema::new("args", STRINGS),
            FieldSchema::new("env", Type::List(&Type::Struct(container))).merge("name"),
            FieldSchema::new("ports", Type::List(&Type::Opaque(""))).merge("containerPort"),
            FieldSchema::new("raw", Type::Opaque("")),
        ],
    };
    &SCHEMA
}

fn volume() -> &'static StructSchema {
    static SCHEMA: StructSchema = StructSchema {
        name: "Volume",
        id: "Volume",
        atomic: false,
        fields: &[
            FieldSchema::new("name", STRING),
            FieldSchema::new("type", STRING),
            FieldSchema::new("emptyDir", Type::Struct(container)),
            FieldSchema::new("secret", Type::Struct(container)),
        ],
    };
    &SCHEMA
}

/// YAML's short form, braces left out.
fn tree(text: &str) -> Object {
    serde_yaml::from_str(&format!("{{{text}}}")).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn patches(original: &str, patch: &str, expected: &str) {
    assert_eq!(apply(tree(original), tree(patch), schema()), Ok(tree(expected)), "{patch}");
}

#[track_caller]
fn fails(original: &str, patch: &str, expected: PatchError) {
    assert_eq!(apply(tree(original), tree(patch), schema()), Err(expected), "{patch}");
}

fn server(text: &str) -> PatchError {
    PatchError::Server(text.to_owned())
}

/// The patch between the two is as expected, and leads from one to the other.
#[track_caller]
fn differs(original: &str, modified: &str, expected: &str) {
    let patch = create_two_way(&tree(original), &tree(modified), schema());
    assert_eq!(patch, Ok(tree(expected)));
    patches(original, expected, modified);
}

/// The patch that `kubectl apply` would send, and what comes of it.
#[track_caller]
fn reconciles(original: &str, modified: &str, current: &str, expected: &str, result: &str) {
    let patch = create_three_way(&tree(original), &tree(modified), &tree(current), schema());
    assert_eq!(patch, Ok(tree(expected)));
    patches(current, expected, result);
}

#[test]
fn objects_are_merged_and_nulls_delete() {
    patches("nodeName: a", "nodeName: b, nodeSelector: {x: y}", "nodeName: b, nodeSelector: {x: y}");
    patches("nodeName: a", "nodeName: null", "");
    patches("nodeSelector: {a: '1', b: '2'}", "nodeSelector: {a: null, c: '3'}", "nodeSelector: {b: '2', c: '3'}");
    patches("", "nodeSelector: {a: null, b: '1'}", "nodeSelector: {b: '1'}");
    patches("", "nodeSelector: null", "");
    patches("nodeSelector: {a: '1'}", "nodeSelector: {$patch: replace, b: '2'}", "nodeSelector: {b: '2'}");
    patches("nodeSelector: {a: '1'}", "nodeSelector: {$patch: delete}", "nodeSelector: {}");
    patches("", "nodeSelector: {$patch: delete}", "");
    patches("securityContext: {args: [a]}", "securityContext: {args: [b]}", "securityContext: {args: [b]}");
}

#[test]
fn lists_are_merged_by_their_key() {
    patches(
        "containers: [{name: web, image: nginx}, {name: side, image: busybox}]",
        "containers: [{name: side, image: 'busybox:2'}, {name: third, image: redis}]",
        "containers: [{name: web, image: nginx}, {name: side, image: 'busybox:2'}, {name: third, image: redis}]",
    );
    patches(
        "containers: [{name: web, ports: [{containerPort: 80}]}]",
        "containers: [{name: web, ports: [{containerPort: 81}]}]",
        "containers: [{name: web, ports: [{containerPort: 81}, {containerPort: 80}]}]",
    );
    patches("containers: [{name: a}, {name: b}]", "containers: [{name: a, $patch: delete}]", "containers: [{name: b}]");
    patches(
        "containers: [{name: a, image: x}, {name: b}]",
        "containers: [{name: a, image: only}, {$patch: replace}]",
        "containers: [{name: a, image: only}]",
    );
    patches("containers: [{name: a}]", "containers: [{$patch: replace}]", "containers: []");
    patches(
        "containers: [{name: web, env: [{name: A}, {name: B}]}, {name: side}]",
        "$setElementOrder/containers: [{name: side}, {name: web}], \
         containers: [{name: web, env: [{name: A, $patch: delete}, {name: Z}]}]",
        "containers: [{name: side}, {name: web, env: [{name: Z}, {name: B}]}]",
    );
    patches(
        "containers: [{name: a}, {name: b}, {name: c}]",
        "$setElementOrder/containers: [{name: c}, {name: a}]",
        "containers: [{name: b}, {name: c}, {name: a}]",
    );
    patches("containers: [{name: a}]", "containers: []", "containers: [{name: a}]");
    patches("", "containers: [{name: a, $patch: delete}, {name: b}]", "containers: [{name: b}]");
}

#[test]
fn a_slot_that_a_deletion_frees_orders_the_new_item() {
    patches(
        "containers: [{name: '1'}, {name: '2'}, {name: '4'}]",
        "$setElementOrder/containers: [{name: '2'}, {name: '3'}], containers: [{name: '3'}, {name: '1', $patch: delete}]",
        "containers: [{name: '2'}, {name: '4'}, {name: '3'}]",
    );
}

#[test]
fn lists_of_plain_values_are_merged_or_replaced() {
    patches("finalizers: [a, b]", "finalizers: [b, c]", "finalizers: [a, b, c]");
    patches("finalizers: [a, b, c]", "$deleteFromPrimitiveList/finalizers: [a, c]", "finalizers: [b]");
    patches("", "$deleteFromPrimitiveList/finalizers: [a]", "");
    patches(
        "finalizers: [a, b]",
        "$setElementOrder/finalizers: [c, a], finalizers: [c], $deleteFromPrimitiveList/finalizers: [b]",
        "finalizers: [c, a]",
    );
    patches(
        "containers: [{name: a, args: [x, y]}]",
        "containers: [{name: a, args: [z]}]",
        "containers: [{name: a, args: [z]}]",
    );
}

#[test]
fn retained_keys_clear_the_others() {
    patches("strategy: {name: a, emptyDir: {}}", "strategy: {$retainKeys: [type], type: x}", "strategy: {type: x}");
    patches("strategy: {name: a}", "strategy: {type: x}", "strategy: {name: a, type: x}");
    patches(
        "volumes: [{name: v, emptyDir: {}}]",
        "volumes: [{name: v, $retainKeys: [name, secret], secret: {name: s}}]",
        "volumes: [{name: v, secret: {name: s}}]",
    );
    let bad = PatchError::BadRequest("invalid patch format of retainKeys".to_owned());
    fails("strategy: {name: a}", "strategy: {$retainKeys: [name], type: x}", bad.clone());
    fails("strategy: {name: a}", "strategy: {$retainKeys: name}", bad);
}

#[test]
fn failures_read_as_upstreams() {
    fails(
        "containers: [{name: a}]",
        "containers: [{image: x}]",
        server("map: map[image:x] does not contain declared merge key: name"),
    );
    fails(
        "containers: [{name: a}]",
        "containers: [{$patch: delete}]",
        server("map: map[$patch:delete] does not contain declared merge key: name"),
    );
    fails(
        "containers: [{name: a}]",
        "containers: [{name: a, $patch: merge}]",
        server("merging lists cannot yet be specified in the patch"),
    );
    fails(
        "nodeSelector: {a: '1'}",
        "nodeSelector: {$patch: foo}",
        server("unknown patch type: foo in map: map[$patch:foo]"),
    );
    fails(
        "containers: [{name: a}]",
        "containers: [{name: a, $patch: 1}]",
        server("unknown patch type: %!s(int64=1) in map: map[$patch:1 name:a]"),
    );
    fails(
        "securityContext: {extra: {a: 1}}",
        "securityContext: {extra: {b: 1}}",
        server("unable to find api field in struct Container for the json field \"extra\""),
    );
    fails("finalizers: [a]", "finalizers: [1]", server("list element types are not identical: [[a] [1]]"));
    fails("finalizers: [a]", "finalizers: [[1]]", server("list element types are not identical: [[a] [[1]]]"));
    fails(
        "finalizers: []",
        "finalizers: [[1]]",
        PatchError::Unprocessable("lists of lists are not supported".to_owned()),
    );
    fails("finalizers: [a]", "finalizers: [null]", server("list element types are not identical: [[a] [<nil>]]"));
    fails(
        "",
        "$deleteFromPrimitiveList: [a]",
        PatchError::BadRequest("invalid patch format of primitive list".to_owned()),
    );
    fails(
        "",
        "$setElementOrder: [a]",
        PatchError::BadRequest("invalid patch format of setElementOrder list".to_owned()),
    );
    fails("", "$setElementOrder/nodeName: [a]", server("expected slice or array type, but got: struct"));
    fails("", "$setElementOrder/finalizers: a", server("expected a []interface {}, but received a string"));
    fails(
        "finalizers: [a]",
        "$setElementOrder/finalizers: [a, b], finalizers: [b, a]",
        server("The order in patch list:\n[b a]\n doesn't match $setElementOrder list:\n[a b]\n"),
    );
    fails(
        "containers: [{name: a}]",
        "$setElementOrder/containers: [{image: a}], containers: [{name: a}]",
        server("map: map[image:a] does not contain declared merge key: name"),
    );
}

#[test]
fn differences_lead_from_one_to_the_other() {
    differs("nodeName: a", "nodeName: a", "");
    differs("nodeName: a", "nodeName: b, finalizers: [x]", "nodeName: b, finalizers: [x]");
    differs("nodeName: a, nodeSelector: {a: '1'}", "nodeSelector: {}", "nodeName: null, nodeSelector: {a: null}");
    differs(
        "containers: [{name: a, image: x}, {name: b}]",
        "containers: [{name: c}, {name: a, image: y}]",
        "$setElementOrder/containers: [{name: c}, {name: a}], \
         containers: [{name: c}, {name: a, image: y}, {name: b, $patch: delete}]",
    );
    differs(
        "containers: [{name: a}, {name: b}]",
        "containers: [{name: b}, {name: a}]",
        "$setElementOrder/containers: [{name: b}, {name: a}]",
    );
    differs(
        "finalizers: [a, b, c]",
        "finalizers: [c, d]",
        "$deleteFromPrimitiveList/finalizers: [a, b], $setElementOrder/finalizers: [c, d], finalizers: [d]",
    );
    differs(
        "strategy: {name: a, emptyDir: {}}",
        "strategy: {name: a, secret: {}}",
        "strategy: {$retainKeys: [name, secret], emptyDir: null, secret: {}}",
    );
    differs("containers: [{name: a, args: [x]}]", "containers: []", "containers: [{name: a, $patch: delete}]");
}

#[test]
fn an_unsorted_list_of_plain_values_differs_from_itself_and_not_from_the_sorted_one() {
    differs("finalizers: [b, a]", "finalizers: [b, a]", "$setElementOrder/finalizers: [b, a]");
    let patch = create_two_way(&tree("finalizers: [b, a]"), &tree("finalizers: [a, b]"), schema());
    assert_eq!(patch, Ok(Object::new()));
}

#[test]
fn three_ways_meet() {
    reconciles("nodeName: a", "nodeName: a", "nodeName: a, finalizers: [x]", "", "nodeName: a, finalizers: [x]");
    reconciles(
        "containers: [{name: a}, {name: gone}]",
        "containers: [{name: a, image: y}]",
        "containers: [{name: injected}, {name: a, image: x}, {name: gone}]",
        "$setElementOrder/containers: [{name: a}], containers: [{name: a, image: y}, {name: gone, $patch: delete}]",
        "containers: [{name: injected}, {name: a, image: y}]",
    );
    reconciles(
        "nodeSelector: {a: '1', b: '2'}",
        "nodeSelector: {a: '1'}",
        "nodeSelector: {a: '9', b: '2', c: '3'}",
        "nodeSelector: {a: '1', b: null}",
        "nodeSelector: {a: '1', c: '3'}",
    );
    reconciles(
        "strategy: {type: Rolling, emptyDir: {}}",
        "strategy: {type: Recreate}",
        "strategy: {type: Rolling, emptyDir: {name: x}}",
        "strategy: {$retainKeys: [type], type: Recreate, emptyDir: null}",
        "strategy: {type: Recreate}",
    );
    reconciles(
        "finalizers: [a, b]",
        "finalizers: [a]",
        "finalizers: [b, a, x]",
        "$deleteFromPrimitiveList/finalizers: [b], $setElementOrder/finalizers: [a]",
        "finalizers: [a, x]",
    );
}

/// A small generator, so that the same objects come up in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn names(&mut self) -> Vec<String> {
        let mut names: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        for i in (1..names.len()).rev() {
            names.swap(i, self.below(i as u64 + 1) as usize);
        }
        names.truncate(self.below(5) as usize);
        names
    }

    /// An object that fits its schema.
    fn object(&mut self, schema: &StructSchema, depth: u32) -> Object {
        let mut object = Object::new();
        for field in schema.fields {
            if self.below(3) == 0 {
                continue;
            }
            let value = match field.ty {
                Type::String => Value::from(self.below(3).to_string()),
                Type::Map(_) | Type::Opaque(_) => {
                    self.names().into_iter().map(|name| (name, Value::from("x"))).collect()
                }
                Type::Struct(_) | Type::List(Type::Struct(_)) if depth == 0 => continue,
                Type::Struct(inner) => Value::Object(self.object(inner(), depth - 1)),
                Type::List(Type::Struct(inner)) => {
                    let mut items = Vec::new();
                    for name in self.names() {
                        let mut item = self.object(inner(), depth - 1);
                        item.insert("name".to_owned(), name.into());
                        items.push(Value::Object(item));
                    }
                    Value::Array(items)
                }
                Type::List(Type::String) => {
                    let mut names = self.names();
                    // Of merged plain values upstream does not always see that only their order changed.
                    if field.merge {
                        names.sort();
                    }
                    names.into()
                }
                _ => continue,
            };
            object.insert(field.name.to_owned(), value);
        }
        object
    }

    /// Anything, directives among it.
    fn tree(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => true.into(),
            2 => self.below(3).into(),
            3 => "delete".into(),
            4 => "a".into(),
            5 | 6 => (0..self.below(4)).map(|_| self.tree(depth - 1)).collect(),
            _ => {
                let keys = [
                    "name",
                    "containers",
                    "finalizers",
                    "env",
                    "strategy",
                    "$patch",
                    "$retainKeys",
                    "volumes",
                    "$setElementOrder/containers",
                    "$setElementOrder/finalizers",
                    "$deleteFromPrimitiveList/finalizers",
                    "$setElementOrder/env",
                    "$setElementOrder/volumes",
                    "ports",
                    "raw",
                    "nodeName",
                ];
                (0..self.below(5))
                    .map(|_| (keys[self.below(keys.len() as u64) as usize].to_owned(), self.tree(depth - 1)))
                    .collect()
            }
        }
    }
}

#[test]
fn a_difference_applied_gives_the_other_object() {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    for round in 0..2000 {
        let (a, b) = (chance.object(schema(), 3), chance.object(schema(), 3));
        let patch = create_two_way(&a, &b, schema()).expect("objects that fit differ by a patch");
        assert!(apply(a.clone(), patch, schema()) == Ok(b.clone()), "round {round}");
        let patch = create_three_way(&a, &b, &a, schema()).expect("objects that fit differ by a patch");
        assert!(apply(a, patch, schema()) == Ok(b), "round {round}");
    }
}

#[test]
fn no_patch_breaks_the_merger() {
    let mut chance = Chance(7);
    for _ in 0..20_000 {
        let (a, b, c) = (chance.tree(5), chance.tree(5), chance.tree(5));
        let (Value::Object(a), Value::Object(b), Value::Object(c)) = (a, b, c) else { continue };
        let _ = apply(a.clone(), b.clone(), schema());
        let _ = create_two_way(&a, &b, schema());
        let _ = create_three_way(&a, &b, &c, schema());
    }
}
