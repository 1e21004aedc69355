//! The values of a YAML document's nodes: aliases followed, merges made, names of members made texts.
//!
//! Upstream: go.yaml.in/yaml/v2 decode.go (decoder), sigs.k8s.io/yaml (convertToJSONableObject)
//! Differs: of names that only differ in type (`1` and `"1"`) the last one wins, where upstream lets chance decide.

use super::compose::{Error, Kind, MAX_DEPTH, Tree, too_deep};
use super::position::{Place, Positions, Span};
use super::scalar::Scalar;
use crate::apimachinery::{OrdMap, OrdSet, Value};

#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) value: Value,
    pub(super) positions: Positions,
    pub(super) duplicates: Vec<(String, usize)>,
}

pub(super) fn decode(tree: &Tree) -> Result<Decoded, Error> {
    let Some(root) = tree.root else {
        return Ok(Decoded { value: Value::Null, positions: Positions::default(), duplicates: Vec::new() });
    };
    let mut decoder = Decoder {
        tree,
        following: Vec::new(),
        depth: 0,
        decodes: 0,
        alias_decodes: 0,
        not_json: None,
        positions: Positions::default(),
        duplicates: Vec::new(),
    };
    let value = decoder.node(root, "", None)?;
    match decoder.not_json {
        Some(error) => Err(error),
        None => Ok(Decoded { value, positions: decoder.positions, duplicates: decoder.duplicates }),
    }
}

struct Decoder<'a> {
    tree: &'a Tree,
    /// Aliases whose anchors are being decoded.
    following: Vec<usize>,
    depth: usize,
    decodes: u64,
    alias_decodes: u64,
    /// The first thing that YAML has and JSON has not; upstream sees it only after all of the YAML.
    not_json: Option<Error>,
    positions: Positions,
    duplicates: Vec<(String, usize)>,
}

impl Decoder<'_> {
    /// The value of a node, which stands at `path`, under the name at `key` if it is a member.
    fn node(&mut self, at: usize, path: &str, key: Option<Span>) -> Result<Value, Error> {
        let tree = self.tree;
        let span = tree.nodes[at].span;
        self.count(span)?;
        let value = match &tree.nodes[at].kind {
            Kind::Alias { name, target } => {
                self.follow(at, name)?;
                let value = self.node(*target, path, key);
                self.following.pop();
                value?
            }
            Kind::Scalar { text, is_plain, tag } => {
                let scalar = Scalar::resolve(text, *is_plain, tag).map_err(|e| (format!("yaml: {e}"), span))?;
                scalar.into_json().unwrap_or_else(|error| {
                    self.not_json.get_or_insert((error, span));
                    Value::Null
                })
            }
            Kind::Sequence(items) => {
                self.enter(span)?;
                let mut values = Vec::new();
                for (i, item) in items.iter().enumerate() {
                    values.push(self.node(*item, &format!("{path}[{i}]"), None)?);
                }
                self.depth -= 1;
                Value::Array(values)
            }
            Kind::Mapping(_) => {
                let mut object = serde_json::Map::new();
                self.members(at, path, &mut object)?;
                Value::Object(object)
            }
        };
        let first = match &tree.nodes[at].kind {
            Kind::Sequence(items) | Kind::Mapping(items) => items.first().map(|item| tree.nodes[*item].span),
            _ => None,
        };
        self.positions.insert(path, Place { key, value: span, first });
        Ok(value)
    }

    /// Adds a mapping's members to those that are there; a later one takes the place of an earlier one of its name,
    /// be it written out or merged in.
    fn members(&mut self, at: usize, path: &str, object: &mut serde_json::Map<String, Value>) -> Result<(), Error> {
        let tree = self.tree;
        let node = &tree.nodes[at];
        let Kind::Mapping(pairs) = &node.kind else { return Ok(()) };
        self.enter(node.span)?;
        // What this mapping says itself, without what it merges in.
        let mut own: OrdSet<String> = OrdSet::new();
        for pair in pairs.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            if self.is_merge(key) {
                self.merge(value, path, object)?;
                continue;
            }
            let span = tree.nodes[key].span;
            let name = self.key(key, value)?;
            let child = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if object.contains_key(&name) {
                self.positions.remove_within(&child);
            }
            let value = self.node(value, &child, Some(span))?;
            object.insert(name.clone(), value);
            if !own.insert(name) {
                self.duplicates.push((child, span.line));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Until the caller pops it, this alias is being followed.
    fn follow(&mut self, at: usize, name: &str) -> Result<(), Error> {
        if self.following.contains(&at) {
            return Err((format!("yaml: anchor '{name}' value contains itself"), self.tree.nodes[at].span));
        }
        self.following.push(at);
        Ok(())
    }

    fn is_merge(&self, key: usize) -> bool {
        match &self.tree.nodes[key].kind {
            Kind::Scalar { text, is_plain, tag } => {
                text == "<<" && (*is_plain && tag.is_empty() || tag == "!" || tag == "tag:yaml.org,2002:merge")
            }
            _ => false,
        }
    }

    /// `<<: *base`, or a list of such, of which the earlier ones win.
    fn merge(&mut self, value: usize, path: &str, object: &mut serde_json::Map<String, Value>) -> Result<(), Error> {
        let node = &self.tree.nodes[value];
        let want_map = || ("yaml: map merge requires map or sequence of maps as the value".to_owned(), node.span);
        match &node.kind {
            Kind::Mapping(_) | Kind::Alias { .. } => {
                self.merge_map(value, path, object)?.then_some(()).ok_or_else(want_map)
            }
            Kind::Sequence(items) => {
                for item in items.iter().rev() {
                    self.merge_map(*item, path, object)?.then_some(()).ok_or_else(want_map)?;
                }
                Ok(())
            }
            Kind::Scalar { .. } => Err(want_map()),
        }
    }

    /// False where it is no mapping.
    fn merge_map(&mut self, at: usize, path: &str, object: &mut serde_json::Map<String, Value>) -> Result<bool, Error> {
        let span = self.tree.nodes[at].span;
        self.count(span)?;
        match &self.tree.nodes[at].kind {
            Kind::Mapping(_) => self.members(at, path, object).map(|()| true),
            Kind::Alias { name, target } => {
                if !matches!(self.tree.nodes[*target].kind, Kind::Mapping(_)) {
                    return Ok(false);
                }
                self.follow(at, name)?;
                let merged = self.count(span).and_then(|()| self.members(*target, path, object));
                self.following.pop();
                merged.map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// The member's name; `value` is only for the error.
    fn key(&mut self, key: usize, value: usize) -> Result<String, Error> {
        let (mut at, span) = (key, self.tree.nodes[key].span);
        self.count(span)?;
        // A chain of aliases is at most one long: an alias has no anchor.
        if let Kind::Alias { target, .. } = &self.tree.nodes[at].kind {
            at = *target;
        }
        let Kind::Scalar { text, is_plain, tag } = &self.tree.nodes[at].kind else {
            return Err((format!("yaml: invalid map key: {}", self.go_syntax(at, false, 0)), span));
        };
        let scalar = Scalar::resolve(text, *is_plain, tag).map_err(|error| (format!("yaml: {error}"), span))?;
        Ok(scalar.to_key().unwrap_or_else(|| {
            let (ty, key, value) = (scalar.go_type(), scalar.go_syntax(false), self.go_syntax(value, false, 0));
            let error = format!("unsupported map key of type: {ty}, key: {key}, value: {value}");
            self.not_json.get_or_insert((error, span));
            String::new()
        }))
    }

    /// Go's `%#v` of what a node decodes to.
    fn go_syntax(&self, at: usize, is_member: bool, depth: usize) -> String {
        if depth > 16 {
            return "...".to_owned();
        }
        match &self.tree.nodes[at].kind {
            Kind::Scalar { text, is_plain, tag } => {
                Scalar::resolve(text, *is_plain, tag).map_or_else(|error| error, |scalar| scalar.go_syntax(is_member))
            }
            Kind::Alias { name, .. } => format!("*{name}"),
            Kind::Sequence(items) => {
                let items: Vec<String> = items.iter().map(|item| self.go_syntax(*item, true, depth + 1)).collect();
                format!("[]interface {{}}{{{}}}", items.join(", "))
            }
            Kind::Mapping(pairs) => {
                let pairs: OrdMap<String, String> = pairs
                    .chunks_exact(2)
                    .map(|pair| (self.go_syntax(pair[0], true, depth + 1), self.go_syntax(pair[1], true, depth + 1)))
                    .collect();
                let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("map[interface {{}}]interface {{}}{{{}}}", pairs.join(", "))
            }
        }
    }

    fn enter(&mut self, span: Span) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(too_deep(span)) } else { Ok(()) }
    }

    /// Upstream's guard against aliases of aliases of aliases.
    fn count(&mut self, span: Span) -> Result<(), Error> {
        self.decodes += 1;
        self.alias_decodes += u64::from(!self.following.is_empty());
        let allowed = match self.decodes {
            ..=400_000 => 0.99,
            4_000_000.. => 0.10,
            decodes => 0.99 - 0.89 * ((decodes - 400_000) as f64 / 3_600_000.0),
        };
        let ratio = self.alias_decodes as f64 / self.decodes as f64;
        if self.alias_decodes > 100 && self.decodes > 1000 && ratio > allowed {
            return Err(("yaml: document contains excessive aliasing".to_owned(), span));
        }
        Ok(())
    }
}
