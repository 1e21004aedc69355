//! Two lists of what came of a pod, laid side by side.
//!
//! Equal means: the same versions in the same order, where a version that its successor replaced within 1.5 s may be
//! missing on either side, each at the same time within 2 s or 15 %; the same events, those more than 1.5 s apart in the
//! same order, each first seen at the same time within 2 s or 15 %, and as often within 1 or 25 %. From the time in
//! `loose` on a kubelet pauses 1 to 1.5 times as long as it should, at random: times may differ by 2 s and half, counts
//! by half. What is due so near the end that it may come after it may be missing.

use super::objects::differences;
use kubarium::apimachinery::Value;
use std::collections::BTreeMap;

const SOON: f64 = 1.5;

#[derive(Clone, Copy)]
pub(super) struct Loose {
    pub from: Option<f64>,
    pub end: f64,
}

impl Loose {
    fn is_free(self, at: f64) -> bool {
        self.from.is_some_and(|from| at > from)
    }

    fn near(self, a: f64, b: f64) -> bool {
        let room = if self.is_free(a) { 2.0 + 0.5 * a.min(b) } else { (0.15 * a.max(b)).max(2.0) };
        (a - b).abs() <= room
    }

    /// Whether what is due then may come after the end.
    fn is_late(self, at: f64) -> bool {
        let latest = if self.is_free(at) { 2.0 + 1.5 * at } else { (at + 2.0).max(1.15 * at) };
        latest >= self.end
    }
}

fn at(v: &Value) -> f64 {
    v["at"].as_f64().unwrap_or_default()
}

/// A version to be compared: a container in its back-off may still show how it ended, or that it waits.
fn plain(v: &Value, before: Option<&Value>) -> Value {
    let mut v = v.clone();
    if let Some(map) = v.as_object_mut() {
        map.remove("at");
    }
    for k in ["initContainerStatuses", "containerStatuses"] {
        for (name, c) in v.get_mut(k).and_then(Value::as_object_mut).into_iter().flatten() {
            let is_waiting = c["state"]["waiting"]["reason"] == "CrashLoopBackOff";
            if let Some(last) = c.get("lastState").cloned().filter(|_| is_waiting) {
                let was = before.map_or(&Value::Null, |b| &b[k][name.as_str()]);
                if was["restartCount"] == c["restartCount"] && !was.is_null() && was["state"].get("running").is_none() {
                    *c = was.clone();
                    continue;
                }
                c["state"] = last;
            }
            if c["state"].get("terminated").is_some()
                && c["restartCount"].as_i64().unwrap_or(0) > 0
                && let Some(c) = c.as_object_mut()
            {
                c.remove("lastState");
            }
        }
    }
    v
}

fn merged(versions: &[Value]) -> Vec<(&Value, Value)> {
    let mut out: Vec<(&Value, Value)> = Vec::new();
    for v in versions {
        let p = plain(v, out.last().map(|(_, p)| p));
        if out.last().is_none_or(|(_, last)| !same(last, &p)) {
            out.push((v, p));
        }
    }
    out
}

fn same(a: &Value, b: &Value) -> bool {
    let mut found = Vec::new();
    a == b || {
        differences(a, b, "", &mut found);
        found.is_empty()
    }
}

/// What passing over a version costs: nothing where it did not last.
fn skip(list: &[(&Value, Value)], i: usize, is_tail: bool, loose: Loose) -> f64 {
    let time = |i: usize| at(list[i].0);
    let did_not_last = i + 1 < list.len() && time(i + 1) - time(i) <= SOON;
    let there_and_back = i > 1 && list[i].1 == list[i - 2].1 && time(i) - time(i - 1) <= SOON;
    if did_not_last || there_and_back || is_tail && loose.is_late(time(i)) { 0.0 } else { 1.0 }
}

/// The cheapest alignment of two lists of versions.
pub(super) fn versions(pod: &str, want: &[Value], got: &[Value], loose: Loose) -> Vec<String> {
    let (want, got) = (merged(want), merged(got));
    let (n, m) = (want.len(), got.len());
    let pair = |i: usize, j: usize| if loose.near(at(want[i].0), at(got[j].0)) { 0.0 } else { 0.9 };
    let equal: Vec<Vec<bool>> = want.iter().map(|(_, w)| got.iter().map(|(_, g)| same(w, g)).collect()).collect();
    let mut cost = vec![vec![f64::MAX; m + 1]; n + 1];
    cost[n][m] = 0.0;
    for i in (0..=n).rev() {
        for j in (0..=m).rev() {
            let mut best = cost[i][j];
            if i < n && j < m && equal[i][j] {
                best = best.min(cost[i + 1][j + 1] + pair(i, j));
            }
            if i < n {
                best = best.min(cost[i + 1][j] + skip(&want, i, j == m, loose));
            }
            if j < m {
                best = best.min(cost[i][j + 1] + skip(&got, j, i == n, loose));
            }
            cost[i][j] = best;
        }
    }
    let is = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let (mut bad, mut i, mut j) = (Vec::new(), 0, 0);
    let (mut lost, mut extra) = (Vec::new(), Vec::new());
    while i < n || j < m {
        if i < n && j < m && equal[i][j] && is(cost[i][j], cost[i + 1][j + 1] + pair(i, j)) {
            if pair(i, j) > 0.0 {
                let (due, came) = (at(want[i].0), at(got[j].0));
                bad.push(format!("{pod}: due at {due} s, came at {came} s: {}", want[i].1));
            }
            (i, j) = (i + 1, j + 1);
        } else if i < n && is(cost[i][j], cost[i + 1][j] + skip(&want, i, j == m, loose)) {
            if skip(&want, i, j == m, loose) > 0.0 {
                lost.push(i);
            }
            i += 1;
        } else {
            if skip(&got, j, i == n, loose) > 0.0 {
                extra.push(j);
            }
            j += 1;
        }
    }
    let both = lost.len().min(extra.len());
    for (i, j) in lost.iter().zip(&extra) {
        let mut found = Vec::new();
        differences(&want[*i].1, &got[*j].1, "", &mut found);
        found.truncate(4);
        let (due, came) = (at(want[*i].0), at(got[*j].0));
        bad.push(format!("{pod}: the version of {due} s differs from the one of {came} s: {}", found.join("; ")));
    }
    bad.extend(
        lost[both..].iter().map(|i| format!("{pod}: no version as that of {} s: {}", at(want[*i].0), want[*i].1)),
    );
    bad.extend(
        extra[both..].iter().map(|j| format!("{pod}: an unexpected version at {} s: {}", at(got[*j].0), got[*j].1)),
    );
    bad
}

fn key(e: &Value) -> [String; 5] {
    ["of", "type", "reason", "message", "from"].map(|k| e[k].as_str().unwrap_or_default().to_owned())
}

fn count(e: &Value) -> f64 {
    e["count"].as_f64().unwrap_or(1.0)
}

/// The text of a pull has its time, so that equal ones may be one event or several.
fn pulls(events: &[Value]) -> Vec<Value> {
    let (mut out, mut seen): (Vec<Value>, BTreeMap<[String; 5], usize>) = (Vec::new(), BTreeMap::new());
    for e in events {
        let is_pull = e["message"].as_str().is_some_and(|m| m.contains("<pull>"));
        match seen.get(&key(e)).filter(|_| is_pull) {
            Some(n) => out[*n]["count"] = (count(&out[*n]) + count(e)).into(),
            None => {
                seen.insert(key(e), out.len());
                out.push(e.clone());
            }
        }
    }
    out
}

pub(super) fn events(pod: &str, want: &[Value], got: &[Value], loose: Loose) -> Vec<String> {
    let (want, got) = (pulls(want), pulls(got));
    let say = |e: &Value| {
        let text = |k: &str| e[k].as_str().unwrap_or_default();
        format!("{} {}: {} ({}, {} s)", text("type"), text("reason"), text("message"), text("from"), at(e))
    };
    let (mut bad, mut pairs, mut left): (Vec<String>, Vec<(&Value, &Value)>, Vec<usize>) =
        (Vec::new(), Vec::new(), (0..got.len()).collect());
    for w in &want {
        let Some(n) = left.iter().position(|j| key(&got[*j]) == key(w)) else {
            if !loose.is_late(at(w)) {
                bad.push(format!("{pod}: no event {}", say(w)));
            }
            continue;
        };
        let g = &got[left.remove(n)];
        pairs.push((w, g));
        if !loose.near(at(w), at(g)) {
            bad.push(format!("{pod}: event {} came at {} s", say(w), at(g)));
        }
        let room = if loose.from.is_some() { (0.5 * count(w)).max(2.0) } else { (0.25 * count(w)).max(1.0) };
        if (count(w) - count(g)).abs() > room {
            bad.push(format!("{pod}: event {} {} times, not {}", say(w), count(g), count(w)));
        }
    }
    bad.extend(
        left.iter()
            .filter(|j| !loose.is_late(at(&got[**j])))
            .map(|j| format!("{pod}: unexpected event {}", say(&got[*j]))),
    );
    for (x, (w, g)) in pairs.iter().enumerate() {
        for (w2, g2) in &pairs[x + 1..] {
            if at(w2) - at(w) > SOON && at(g2) < at(g) && !loose.is_free(at(w2)) {
                bad.push(format!("{pod}: event {} came before {}", say(g2), say(g)));
            }
        }
    }
    bad
}
