//! What one table per struct says of the API's types, and `api!`, which declares a struct and its table together.
//!
//! Upstream: staging/src/k8s.io/api/*/types.go (json, patchStrategy and patchMergeKey tags, +listType, +mapType).

use super::Str;

/// The type of a field, as far as codecs, patches and OpenAPI care.
#[derive(Clone, Copy)]
pub enum Type {
    Bool,
    Int32,
    Int64,
    Float64,
    String,
    Bytes,
    Quantity,
    Time,
    MicroTime,
    IntOrString,
    /// A tree that passes through as it is; the text is the schema's id, or "" for any object.
    Opaque(&'static str),
    List(&'static Type),
    Map(&'static Type),
    Struct(fn() -> &'static StructSchema),
}

pub struct StructSchema {
    /// Go's name: `PodSpec`.
    pub name: &'static str,
    /// The definition's name: `io.k8s.api.core.v1.PodSpec`.
    pub id: &'static str,
    /// One owner for the whole (`+structType=atomic`).
    pub atomic: bool,
    pub fields: &'static [FieldSchema],
}

impl StructSchema {
    pub fn field(&self, name: &str) -> Option<&'static FieldSchema> {
        self.fields.iter().find(|f| f.name == name)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topology {
    /// Lists: replaced whole. Structs and maps: by field.
    Default,
    Atomic,
    Set,
    Map,
}

#[derive(Clone, Copy)]
pub struct FieldSchema {
    pub name: &'static str,
    pub ty: Type,
    /// Written even when zero (no `omitempty`, or a plain struct).
    pub always: bool,
    /// What users may not leave out.
    pub required: bool,
    pub topology: Topology,
    /// `x-kubernetes-list-map-keys`.
    pub keys: &'static [&'static str],
    /// `patchStrategy=merge`.
    pub merge: bool,
    /// `patchStrategy=retainKeys`.
    pub retain_keys: bool,
    /// `patchMergeKey`; "" for lists of plain values.
    pub merge_key: &'static str,
}

impl FieldSchema {
    pub const fn new(name: &'static str, ty: Type) -> FieldSchema {
        FieldSchema {
            name,
            ty,
            always: false,
            required: false,
            topology: Topology::Default,
            keys: &[],
            merge: false,
            retain_keys: false,
            merge_key: "",
        }
    }

    /// The definition that a tree passes through as.
    pub const fn of(mut self, id: &'static str) -> FieldSchema {
        self.ty = Type::Opaque(id);
        self
    }

    /// Mostly that means required too; a struct's zero is an object, so structs say it themselves.
    pub const fn always(mut self) -> FieldSchema {
        self.always = true;
        let is_struct =
            matches!(self.ty, Type::Struct(_) | Type::Time | Type::MicroTime | Type::Quantity | Type::IntOrString);
        self.required = !is_struct;
        self
    }

    pub const fn required(mut self) -> FieldSchema {
        self.required = true;
        self
    }

    pub const fn optional(mut self) -> FieldSchema {
        self.required = false;
        self
    }

    /// `patchStrategy=merge` with that key, which is also the list map's key unless `keys` says otherwise.
    pub const fn merge(mut self, key: &'static str) -> FieldSchema {
        self.merge = true;
        self.merge_key = key;
        self
    }

    pub const fn merge_set(mut self) -> FieldSchema {
        self.merge = true;
        self.topology = Topology::Set;
        self
    }

    pub const fn merge_struct(mut self) -> FieldSchema {
        self.merge = true;
        self
    }

    pub const fn retain_keys(mut self) -> FieldSchema {
        self.retain_keys = true;
        self
    }

    pub const fn keys(mut self, keys: &'static [&'static str]) -> FieldSchema {
        self.topology = Topology::Map;
        self.keys = keys;
        self
    }

    pub const fn set(mut self) -> FieldSchema {
        self.topology = Topology::Set;
        self
    }

    pub const fn atomic(mut self) -> FieldSchema {
        self.topology = Topology::Atomic;
        self
    }
}

impl Type {
    /// As Go's `reflect.Type.String()` prints it.
    pub fn go(&self) -> String {
        match self {
            Type::Bool => "bool".to_owned(),
            Type::Int32 => "int32".to_owned(),
            Type::Int64 => "int64".to_owned(),
            Type::Float64 => "float64".to_owned(),
            Type::String => "string".to_owned(),
            Type::Bytes => "[]uint8".to_owned(),
            Type::Quantity => "resource.Quantity".to_owned(),
            Type::Time => "v1.Time".to_owned(),
            Type::MicroTime => "v1.MicroTime".to_owned(),
            Type::IntOrString => "intstr.IntOrString".to_owned(),
            Type::Opaque(id) => go_struct(id),
            Type::List(t) => format!("[]{}", t.go()),
            Type::Map(t) => format!("map[string]{}", t.go()),
            Type::Struct(s) => go_struct(s().id),
        }
    }

    pub fn as_struct(&self) -> Option<&'static StructSchema> {
        match self {
            Type::Struct(s) => Some(s()),
            Type::List(t) | Type::Map(t) => t.as_struct(),
            _ => None,
        }
    }
}

/// `io.k8s.api.core.v1.Container` → `v1.Container`.
pub(super) fn go_struct(id: &str) -> String {
    let mut parts = id.rsplitn(3, '.');
    let name = parts.next().unwrap_or_default();
    match parts.next() {
        Some(package) => format!("{package}.{name}"),
        None => name.to_owned(),
    }
}

/// Declares structs of the API: Rust name, JSON name, and what patches and ownership need to know.
///
/// ```text
/// api! {
///     /// What it is.
///     pub struct PodSpec = "io.k8s.api.core.v1.PodSpec" {
///         containers: List<Container> = "containers".always().merge("name").keys(&["name"]),
///         node_name: Str = "nodeName",
///     }
/// }
/// ```
/// `atomic` after the id makes the struct owned as a whole.
#[macro_export]
macro_rules! api {
    ($( $(#[$meta:meta])* pub struct $Name:ident = $id:literal $($atomic:ident)? {
        $( $(#[$fmeta:meta])* $field:ident : $ty:ty = $json:literal $( . $attr:ident ( $($arg:expr),* ) )* ),* $(,)?
    } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Default, Debug)]
        pub struct $Name {
            $( $(#[$fmeta])* pub $field: $ty, )*
        }

        impl $Name {
            pub const SCHEMA: $crate::apimachinery::schema::StructSchema = $crate::apimachinery::schema::StructSchema {
                name: $crate::apimachinery::schema::last_segment($id),
                id: $id,
                atomic: $crate::api!(@atomic $($atomic)?),
                fields: &[ $( $crate::apimachinery::schema::FieldSchema::new(
                    $json, <$ty as $crate::apimachinery::codec::Api>::TYPE) $( . $attr ( $($arg),* ) )* ),* ],
            };

            pub fn schema() -> &'static $crate::apimachinery::schema::StructSchema {
                static SCHEMA: $crate::apimachinery::schema::StructSchema = $Name::SCHEMA;
                &SCHEMA
            }
        }

        impl $crate::apimachinery::codec::Api for $Name {
            const TYPE: $crate::apimachinery::schema::Type =
                $crate::apimachinery::schema::Type::Struct($Name::schema);

            fn decode_into(&mut self, v: &$crate::apimachinery::Value, d: &mut $crate::apimachinery::codec::Decoder) {
                d.fields(self, v);
            }

            fn encode(&self) -> $crate::apimachinery::Value {
                $crate::apimachinery::node::encode_fields(self)
            }

            fn shape(&self) -> $crate::apimachinery::node::Shape<'_> {
                $crate::apimachinery::node::Shape::Struct(self)
            }

            fn slot(&mut self) -> $crate::apimachinery::node::Slot<'_> {
                $crate::apimachinery::node::Slot::Struct(self)
            }
        }

        impl PartialEq for $Name {
            fn eq(&self, other: &Self) -> bool {
                $crate::apimachinery::node::same_fields(self, other)
            }
        }

        const _: () = {
            // The fields' numbers.
            #[allow(non_camel_case_types, dead_code, reason = "fields are variants; there are structs without fields")]
            enum At { $($field),* }

            impl $crate::apimachinery::node::Fields for $Name {
                fn schema(&self) -> &'static $crate::apimachinery::schema::StructSchema {
                    $Name::schema()
                }
                fn at(&self, i: usize) -> $crate::apimachinery::node::Ref<'_> {
                    match i {
                        $( i if i == At::$field as usize => &self.$field, )*
                        _ => $crate::apimachinery::node::no_such_field(),
                    }
                }
                fn slot(&mut self, i: usize) -> &mut dyn $crate::apimachinery::node::Node {
                    match i {
                        $( i if i == At::$field as usize => &mut self.$field, )*
                        _ => $crate::apimachinery::node::no_such_field(),
                    }
                }
            }
        };
    )* };
    (@atomic) => { false };
    (@atomic atomic) => { true };
}

/// A sequence of path segments from a struct to one of its fields' types, for lookups by path.
pub fn walk(root: &'static StructSchema, path: &[Str]) -> Option<Type> {
    let mut at = Type::Opaque("");
    let mut within = Some(root);
    for name in path {
        let field = within?.field(name)?;
        at = field.ty;
        within = at.as_struct();
    }
    Some(at)
}

/// `io.k8s.api.core.v1.PodSpec` → `PodSpec`.
pub const fn last_segment(id: &'static str) -> &'static str {
    let bytes = id.as_bytes();
    let mut at = bytes.len();
    while at > 0 && bytes[at - 1] != b'.' {
        at -= 1;
    }
    id.split_at(at).1
}
