//! Bodies in Kubernetes' protobuf, turned into JSON at the door: kubectl's typed clients send nothing else.
//!
//! `numbers.txt` has a line a message: its name, then `number:field:type` each. Types: `s` string, `i` integer, `b`
//! bool, `y` bytes, `f` double, `q` Quantity, `t` Time, `u` MicroTime, `o` IntOrString, `r` raw JSON; `*` a list of,
//! `%` a string map of; else a message. The field `-` is an embedded message whose fields stand in the outer object.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf, the protobuf tags of api/*/types.go
//! Differs: answers are JSON, which the same clients accept.

use crate::apimachinery::Value;
use crate::apimachinery::time::{MicroTime, Time};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const NUMBERS: &str = include_str!("numbers.txt");
const MAGIC: &[u8] = b"k8s\0";

type Message = BTreeMap<u32, (&'static str, &'static str)>;

fn messages() -> &'static BTreeMap<&'static str, Message> {
    static TABLE: OnceLock<BTreeMap<&'static str, Message>> = OnceLock::new();
    TABLE.get_or_init(|| NUMBERS.lines().filter_map(line).collect())
}

fn line(line: &'static str) -> Option<(&'static str, Message)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let fields = words.filter_map(|w| {
        let mut parts = w.splitn(3, ':');
        Some((parts.next()?.parse().ok()?, (parts.next()?, parts.next()?)))
    });
    Some((name, fields.collect()))
}

/// The JSON of a body in protobuf; None: it is not what it says it is, or of a kind that has no table.
pub(super) fn to_json(body: &[u8]) -> Option<Vec<u8>> {
    let envelope = Reader(body.strip_prefix(MAGIC)?).fields()?;
    let part = |n: u32| envelope.iter().rev().find(|(k, _)| *k == n).and_then(|(_, v)| v.bytes());
    let meta = Reader(part(1)?).fields()?;
    let text = |n: u32| {
        meta.iter()
            .rev()
            .find(|(k, _)| *k == n)
            .and_then(|(_, v)| v.bytes())
            .map(|b| String::from_utf8_lossy(b).into_owned())
    };
    let (api_version, kind) = (text(1).unwrap_or_default(), text(2).unwrap_or_default());
    let name = format!("{}.{kind}", package(&api_version, &kind));
    let mut object = Map::new();
    read_message(part(2).unwrap_or_default(), messages().get(name.as_str())?, &mut object)?;
    object.insert("apiVersion".to_owned(), api_version.into());
    object.insert("kind".to_owned(), kind.into());
    Some(Value::Object(object).to_string().into_bytes())
}

fn package<'a>(api_version: &'a str, kind: &str) -> &'a str {
    match (api_version, kind) {
        (_, "DeleteOptions") => "meta",
        ("v1", _) => "core",
        ("autoscaling/v2", _) => "autoscaling2",
        (gv, _) => gv.split(['/', '.']).next().unwrap_or_default(),
    }
}

enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Wire::Bytes(b) => Some(b),
            _ => None,
        }
    }
    fn number(&self) -> i64 {
        match self {
            Wire::Varint(n) | Wire::Fixed64(n) => *n as i64,
            Wire::Fixed32(n) => i64::from(*n),
            Wire::Bytes(_) => 0,
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut out = 0u64;
        for shift in (0..70).step_by(7) {
            let b = self.take(1)?[0];
            out |= u64::from(b & 0x7f).checked_shl(shift)?;
            if b < 0x80 {
                return Some(out);
            }
        }
        None
    }

    fn fields(mut self) -> Option<Vec<(u32, Wire<'a>)>> {
        let mut out = Vec::new();
        while !self.0.is_empty() {
            let tag = self.varint()?;
            let wire = match tag & 7 {
                0 => Wire::Varint(self.varint()?),
                1 => Wire::Fixed64(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
                2 => {
                    let n = usize::try_from(self.varint()?).ok()?;
                    Wire::Bytes(self.take(n)?)
                }
                5 => Wire::Fixed32(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
                _ => return None,
            };
            out.push((u32::try_from(tag >> 3).ok()?, wire));
        }
        Some(out)
    }
}

fn read_message(bytes: &[u8], message: &Message, out: &mut Map<String, Value>) -> Option<()> {
    for (number, wire) in Reader(bytes).fields()? {
        let Some(&(name, ty)) = message.get(&number) else { continue };
        if name == "-" {
            read_message(wire.bytes()?, messages().get(ty)?, out)?;
        } else if let Some(of) = ty.strip_prefix('*') {
            let item = value(&wire, of)?;
            match out.entry(name).or_insert_with(|| json!([])) {
                Value::Array(items) => items.push(item),
                _ => return None,
            }
        } else if let Some(of) = ty.strip_prefix('%') {
            let pair = Reader(wire.bytes()?).fields()?;
            let find = |n: u32| pair.iter().rev().find(|(k, _)| *k == n).map(|(_, w)| w);
            let key = find(1).and_then(Wire::bytes).map(|b| String::from_utf8_lossy(b).into_owned());
            let item = value(find(2).unwrap_or(&Wire::Bytes(&[])), of)?;
            match out.entry(name).or_insert_with(|| json!({})) {
                Value::Object(map) => map.insert(key.unwrap_or_default(), item),
                _ => return None,
            };
        } else {
            let v = value(&wire, ty)?;
            out.insert(name.to_owned(), v);
        }
    }
    Some(())
}

/// The numbered fields of a little message of scalars.
fn scalars<'a>(wire: &Wire<'a>) -> Option<BTreeMap<u32, Wire<'a>>> {
    Some(Reader(wire.bytes()?).fields()?.into_iter().collect())
}

fn value(wire: &Wire, ty: &str) -> Option<Value> {
    let text = |b: &[u8]| Value::String(String::from_utf8_lossy(b).into_owned());
    Some(match ty {
        "s" => text(wire.bytes()?),
        "i" => wire.number().into(),
        "b" => (wire.number() != 0).into(),
        "y" => STANDARD.encode(wire.bytes()?).into(),
        "f" => match wire {
            Wire::Fixed64(n) => f64::from_bits(*n).into(),
            _ => return None,
        },
        "q" => text(scalars(wire)?.get(&1).and_then(Wire::bytes).unwrap_or(b"0")),
        "r" => serde_json::from_slice(scalars(wire)?.get(&1).and_then(Wire::bytes)?).ok()?,
        "t" | "u" => {
            let parts = scalars(wire)?;
            let part = |n: u32| parts.get(&n).map_or(0, Wire::number);
            match (part(1), ty) {
                (0, _) => Value::Null,
                (seconds, "t") => Time::from_unix(seconds).to_string().into(),
                (seconds, _) => MicroTime::from_unix_micros(seconds * 1_000_000 + part(2) / 1000).to_string().into(),
            }
        }
        "o" => {
            let parts = scalars(wire)?;
            if parts.get(&1).map_or(0, Wire::number) == 1 {
                text(parts.get(&3).and_then(Wire::bytes).unwrap_or_default())
            } else {
                parts.get(&2).map_or(0, Wire::number).into()
            }
        }
        message => {
            let mut out = Map::new();
            read_message(wire.bytes()?, messages().get(message)?, &mut out)?;
            Value::Object(out)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One field of a message, by hand.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    #[test]
    fn a_config_map_reads_as_json() {
        let meta = [field(1, b"v1"), field(2, b"ConfigMap")].concat();
        let pair = [field(1, b"k"), field(2, b"v")].concat();
        let raw = [field(1, &field(1, b"settings")), field(2, &pair)].concat();
        let body = [MAGIC, &field(1, &meta), &field(2, &raw)].concat();
        let json: Value = serde_json::from_slice(&to_json(&body).expect("it is one")).expect("it is JSON");
        assert_eq!(
            json,
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"k": "v"}})
        );
    }

    #[test]
    fn all_messages_are_known_that_a_message_has() {
        for (name, message) in messages() {
            for (_, ty) in message.values() {
                let of = ty.trim_start_matches(['*', '%']);
                assert!(of.len() == 1 || messages().contains_key(of), "{name}: {of}");
            }
        }
    }

    #[test]
    fn garbage_is_refused() {
        assert!(to_json(b"k8s\0\xff\xff\xff").is_none());
        assert!(to_json(b"{}").is_none());
    }
}
