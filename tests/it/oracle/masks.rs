//! Takes out of an answer what is random or a matter of time, as it was taken out of the recordings.
//!
//! What a mask hides: `<uid>` `<rv>` `<time>` `<age>`; `<hash:N>` the Nth pod-template hash of its owner that shows, in
//! order of creation; `<rand>` a random suffix; `<ip>` a pod's address; `<cluster-ip:N>` and `<node-port:N>` the Nth that
//! the API server chose; `<node>` the node of a pod, unless the case says `nodes: exact`. A value that stands in the
//! case's own text is never masked.

use super::scan;
use std::collections::{BTreeMap, BTreeSet};

/// The alphabet of random suffixes and hashes.
const SAFE: &str = "bcdfghjklmnpqrstvwxz2456789";
pub(super) const HASH_LABELS: &[&str] =
    &["pod-template-hash", "controller-revision-hash", "controller.kubernetes.io/hash"];

pub(super) fn is_safe(s: &str) -> bool {
    s.chars().all(|c| SAFE.contains(c))
}

#[derive(Default)]
pub(super) struct Masks {
    inputs: String,
    given: BTreeSet<String>,
    pub exact_nodes: bool,
    /// Masks what a kubelet says, too.
    pub kubelet: bool,
    numbers: BTreeMap<&'static str, Vec<String>>,
    /// A hash, its owner, and its number among that owner's.
    hashes: Vec<(String, String, usize)>,
    /// Owners and hashes of the cluster, in order of creation.
    pub order: Vec<(String, String)>,
    /// The answer that is being masked, whole; empty: all of the cluster shows.
    pub now: String,
}

impl Masks {
    pub fn new(inputs: String) -> Masks {
        let word = |with_dots: bool| {
            inputs
                .split(move |c: char| !(c.is_ascii_alphanumeric() || with_dots && c == '.'))
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
        };
        let given = word(true).chain(word(false)).collect();
        Masks { given, inputs, ..Masks::default() }
    }

    pub fn is_given(&self, s: &str) -> bool {
        self.given.contains(s)
    }

    pub fn number(&mut self, kind: &'static str, value: &str) -> String {
        let seen = self.numbers.entry(kind).or_default();
        let at = seen.iter().position(|v| v == value).unwrap_or_else(|| {
            seen.push(value.to_owned());
            seen.len() - 1
        });
        format!("<{kind}:{}>", at + 1)
    }

    pub fn hash(&mut self, value: &str, owner: &str) -> String {
        if !self.hashes.iter().any(|(h, ..)| h == value) {
            let shows = |h: &str| self.now.is_empty() || self.now.contains(h);
            let mut made: Vec<(String, String)> = self.order.iter().filter(|(_, h)| shows(h)).cloned().collect();
            made.push((owner.to_owned(), value.to_owned()));
            for (who, h) in made {
                if !self.hashes.iter().any(|(seen, ..)| *seen == h) {
                    let n = 1 + self.hashes.iter().filter(|(_, w, _)| *w == who).count();
                    self.hashes.push((h, who, n));
                }
            }
        }
        let n = self.hashes.iter().find(|(h, ..)| h == value).map_or(0, |(.., n)| *n);
        format!("<hash:{n}>")
    }

    /// A name that may end in a hash, a random suffix or both.
    fn name(&mut self, name: &str) -> String {
        let mut parts: Vec<String> = name.split('-').map(str::to_owned).collect();
        for i in 1..parts.len() {
            let part = parts[i].clone();
            let (p, rest) = part.split_at(part.find('.').unwrap_or(part.len()));
            if p.is_empty() || self.is_given(p) || !is_safe(p) {
                continue;
            }
            match p.len() {
                5 => parts[i] = format!("<rand>{rest}"),
                7..=10 => {
                    let owner = parts[..i].join("-");
                    parts[i] = self.hash(p, &owner) + rest;
                }
                _ => {}
            }
        }
        parts.join("-")
    }

    fn keep(&self, found: &str, mask: &str) -> String {
        if self.inputs.contains(found) { found.to_owned() } else { mask.to_owned() }
    }

    pub fn words(&mut self, s: &str) -> String {
        let mut s = s.to_owned();
        if self.kubelet {
            s = kubelet_words(&s);
        }
        s = scan::replace(&s, |at| {
            scan::uid(at)
                .map(|len| (len, self.keep(&at[..len], "<uid>")))
                .or_else(|| scan::time(at).map(|len| (len, self.keep(&at[..len], "<time>"))))
        });
        s = after(
            &s,
            &["resourceVersion\":\"", "resourceVersion: \"", "resourceVersion\": \"", "resourceVersion\\\":\\\""],
            |rest| digits(rest).map(|len| (len, "<rv>".to_owned())),
        );
        s = after(&s, &["Resource Version:  "], |rest| digits(rest).map(|len| (len, "<rv>".to_owned())));
        for label in HASH_LABELS {
            for sign in ["=", ": ", ":", "\": \"", "\":\"", "\\\":\\\""] {
                s = after(&s, &[&format!("{label}{sign}")], |rest| {
                    let len = rest.find(|c: char| !SAFE.contains(c)).unwrap_or(rest.len());
                    let is_whole =
                        !rest[len..].starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
                    let is_hash = (7..=10).contains(&len) && is_whole && !self.is_given(&rest[..len]);
                    is_hash.then(|| (len, self.hash(&rest[..len], "")))
                });
            }
        }
        let in_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        s = scan::runs(&s, in_name, |run, _| run.contains('-').then(|| self.name(run)));
        s = after(&s, &["."], |rest| {
            let len = scan::shape(rest, "xxxxxxxxxxxxxxxx")?;
            scan::ends(rest, len).then(|| (len, "<rand>".to_owned()))
        });
        s = scan::runs(&s, |c| c.is_ascii_digit() || c == '.', |run, rest| self.numeral(run, rest));
        if s.contains("v1.35.") {
            s = scan::replace(&s, |at| {
                let rest = at.strip_prefix("v1.35.")?;
                let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.+-".contains(c))).unwrap_or(rest.len());
                Some((6 + len, self.keep(&at[..6 + len], "v1.35.x")))
            });
        }
        if !self.exact_nodes {
            s = after(&s, &["Successfully assigned "], |rest| {
                let (pod, node) = rest.split_once(" to ")?;
                let len = node.find(|c: char| "\"\\".contains(c) || c.is_whitespace()).unwrap_or(node.len());
                (!pod.contains(' ') && len > 0).then(|| (pod.len() + 4 + len, format!("{pod} to <node>")))
            });
            let before = ["nodeName\":\"", "nodeName: ", "NodeName\": \"", "nodeName\": \"", "NodeName: "];
            s = after(&s, &before, |rest| {
                let len = "node-".len() + digits(rest.strip_prefix("node-")?)?;
                Some((len, "<node>".to_owned()))
            });
        }
        scan::replace(&s, |at| {
            let len = scan::duration(at)?;
            at[len..].starts_with(" ago").then(|| (len, "<age>".to_owned()))
        })
    }

    /// An address or a port.
    fn numeral(&mut self, run: &str, rest: &str) -> Option<String> {
        let trimmed = run.trim_end_matches('.');
        let tail = &run[trimmed.len()..];
        if self.is_given(trimmed) {
            return None;
        }
        let parts: Vec<u32> = trimmed.split('.').map(|p| p.parse().unwrap_or(u32::MAX)).collect();
        let mask = match parts.as_slice() {
            [10, 244, _, _] if !rest.starts_with('/') => "<ip>".to_owned(),
            [10, 96..=111, _, _] if trimmed != "10.96.0.0" && trimmed != "10.96.0.1" => {
                self.number("cluster-ip", trimmed)
            }
            [30001..=32766] if trimmed.len() == 5 => self.number("node-port", trimmed),
            _ => return None,
        };
        Some(mask + tail)
    }
}

fn digits(s: &str) -> Option<usize> {
    let len = s.bytes().take_while(u8::is_ascii_digit).count();
    (len > 0).then_some(len)
}

/// Replaces what `new` finds right after one of these texts.
fn after(s: &str, texts: &[&str], mut new: impl FnMut(&str) -> Option<(usize, String)>) -> String {
    let mut s = s.to_owned();
    for text in texts {
        if !s.contains(text) {
            continue;
        }
        let (mut out, mut rest) = (String::new(), s.as_str());
        while let Some(at) = rest.find(text) {
            out.push_str(&rest[..at + text.len()]);
            rest = &rest[at + text.len()..];
            if let Some((len, new)) = new(rest) {
                out.push_str(&new);
                rest = &rest[len..];
            }
        }
        out.push_str(rest);
        s = out;
    }
    s
}

/// What only a kubelet says: how long a pull took, ids, its own address.
fn kubelet_words(s: &str) -> String {
    let s = scan::replace(s, |at| {
        let took = scan::duration(at)?;
        let rest = at[took..].strip_prefix(" (")?;
        let waited = scan::duration(rest)?;
        let size = rest[waited..].strip_prefix(" including waiting). Image size: ")?;
        let len = digits(size)?;
        let size = size[len..].strip_prefix(" bytes")?;
        Some((at.len() - size.len(), "<pull>".to_owned()))
    });
    let s = scan::replace(&s, |at| {
        let id = at.strip_prefix("containerd://").unwrap_or(at);
        let len = id.bytes().take_while(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).count();
        let mask = match len {
            64 => "<id>",
            32 if id.len() == at.len() => "<uid>",
            _ => return None,
        };
        scan::ends(id, len).then(|| (at.len() - id.len() + len, mask.to_owned()))
    });
    let s = after(&s, &["(lasts "], |rest| rest.find(')').map(|len| (len, "<age>".to_owned())));
    after(&s, &["192.168.0."], |rest| {
        let len = digits(rest)?;
        matches!(rest[..len].parse(), Ok(11..=19)).then(|| (len, "<node-ip>".to_owned()))
    })
    .replace("192.168.0.<node-ip>", "<node-ip>")
}
