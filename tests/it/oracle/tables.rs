//! Printed text, masked: tables are laid out anew from their masked cells, rows with random names put in order.

use super::masks::Masks;

const AGE_COLUMNS: &[&str] = &["AGE", "LAST SEEN", "FIRST SEEN", "DURATION", "LAST SCHEDULE", "Age", "LastSeen"];
const KUBELET_COLUMNS: &[&str] = &["OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"];
pub(super) const KUBELET_REASONS: &[&str] = &[
    "Pulling",
    "Pulled",
    "Created",
    "Started",
    "Killing",
    "BackOff",
    "Unhealthy",
    "Failed",
    "FailedMount",
    "FailedKillPod",
    "Starting",
    "NodeHasSufficientMemory",
    "NodeHasNoDiskPressure",
    "NodeHasSufficientPID",
    "NodeAllocatableEnforced",
    "NodeReady",
    "InvalidDiskCapacity",
    "RegisteredNode",
    "SandboxChanged",
    "FailedPostStartHook",
    "Synced",
];

type Heads = Vec<(String, usize)>;

pub(super) fn stdout(m: &mut Masks, out: &str, line: &str) -> String {
    m.now = out.to_owned();
    match line.split_whitespace().any(|w| w == "describe") {
        true if m.kubelet => kubelet_describe(m, out),
        true => describe(m, out),
        false => tables(m, out),
    }
}

pub(super) fn stderr(m: &mut Masks, err: &str) -> String {
    m.now = err.to_owned();
    m.words(err)
}

/// Where words that are apart by two blanks or more begin.
fn heads_of(line: &str) -> Heads {
    let (mut heads, mut at) = (Vec::new(), 0);
    while at < line.len() {
        at += line[at..].len() - line[at..].trim_start().len();
        if at >= line.len() {
            break;
        }
        let len = line[at..].find("  ").unwrap_or(line.len() - at);
        heads.push((line[at..at + len].trim_end().to_owned(), at));
        at += len;
    }
    heads
}

fn cells<'a>(heads: &Heads, line: &'a str) -> Vec<&'a str> {
    let at = |n: usize| heads.get(n).map_or(line.len(), |(_, at)| *at).min(line.len());
    (0..heads.len()).map(|n| line.get(at(n)..at(n + 1)).unwrap_or_default().trim()).collect()
}

/// Whether each column begins where its head does, so that no word is cut.
fn is_aligned(heads: &Heads, lines: &[&str]) -> bool {
    lines.iter().all(|l| heads.iter().all(|(_, at)| *at == 0 || l.len() < *at || l.as_bytes()[*at - 1] == b' '))
}

fn rows(m: &mut Masks, heads: &Heads, lines: &[&str]) -> Vec<Vec<String>> {
    lines
        .iter()
        .map(|line| {
            let cells = cells(heads, line);
            heads
                .iter()
                .zip(cells)
                .map(|((name, _), cell)| match name.as_str() {
                    n if AGE_COLUMNS.contains(&n) && is_age(cell) => "<age>".to_owned(),
                    n if KUBELET_COLUMNS.contains(&n) => "<kubelet>".to_owned(),
                    "NODE" if cell != "<none>" && !m.exact_nodes => "<node>".to_owned(),
                    _ => m.words(cell),
                })
                .collect()
        })
        .collect()
}

fn is_age(cell: &str) -> bool {
    cell == "<invalid>"
        || super::scan::duration(cell) == Some(cell.len())
        || cell.contains(" (x") && cell.contains(" over ")
}

fn layout(rows: &[Vec<String>], gap: usize, indent: &str) -> Vec<String> {
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|i| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0) + gap).collect();
    rows.iter()
        .map(|r| {
            let line: String = r.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
            format!("{indent}{line}").trim_end().to_owned()
        })
        .collect()
}

/// Neighbouring rows whose names are random are put in the order of their masked text.
fn sort_random<T: Clone>(rows: Vec<T>, text: impl Fn(&T) -> String) -> Vec<T> {
    let is_random = |t: &str| t.contains("<rand>") || t.contains("<hash:") || t.contains("<minutes>");
    let (mut out, mut group): (Vec<T>, Vec<T>) = (Vec::new(), Vec::new());
    for row in rows {
        if is_random(&text(&row)) {
            group.push(row);
            continue;
        }
        group.sort_by_key(&text);
        out.append(&mut group);
        out.push(row);
    }
    group.sort_by_key(&text);
    out.append(&mut group);
    out
}

fn tables(m: &mut Masks, out: &str) -> String {
    let lines: Vec<&str> = out.split('\n').collect();
    let (mut done, mut i) = (Vec::new(), 0);
    while i < lines.len() {
        let head = lines[i];
        let is_first = i == 0 || lines[i - 1].trim().is_empty();
        let heads = heads_of(head);
        let is_head = is_first
            && head == head.to_uppercase()
            && head.starts_with(|c: char| c.is_ascii_uppercase())
            && (heads.len() > 1 || head.trim() == "NAME")
            && !head.contains('=');
        let end = i + 1 + lines[i + 1..].iter().position(|l| l.trim().is_empty()).unwrap_or(lines.len() - i - 1);
        if !is_head || !is_aligned(&heads, &lines[i + 1..end]) {
            let end = if is_head { end } else { i + 1 };
            done.extend(lines[i..end].iter().map(|l| m.words(l)));
            i = end;
            continue;
        }
        let rows = sort_random(rows(m, &heads, &lines[i + 1..end]), |r| r.join(" "));
        let names = heads.into_iter().map(|(h, _)| h).collect();
        done.extend(layout(&[vec![names], rows].concat(), 3, ""));
        i = end;
    }
    sort_random(done, String::clone).join("\n")
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_rule(line: &str) -> bool {
    !line.trim().is_empty() && line.split_whitespace().all(|w| w.len() > 1 && w.chars().all(|c| c == '-'))
}

fn describe(m: &mut Masks, out: &str) -> String {
    let lines: Vec<&str> = out.split('\n').collect();
    let (mut done, mut i): (Vec<String>, usize) = (Vec::new(), 0);
    while i < lines.len() {
        let line = lines[i];
        if lines.get(i + 1).is_some_and(|l| is_rule(l)) && !line.trim().is_empty() {
            let starts: Vec<usize> = heads_of(lines[i + 1]).into_iter().map(|(_, at)| at).collect();
            let head = |n: usize| {
                let to = starts.get(n + 1).copied().unwrap_or(line.len()).min(line.len());
                line.get(starts[n]..to).unwrap_or_default().trim().to_owned()
            };
            let heads: Heads = (0..starts.len()).map(|n| (head(n), starts[n])).collect();
            let indent = indent_of(line);
            let is_row = |l: &&str| !l.trim().is_empty() && indent_of(l) >= indent;
            let end = i + 2 + lines[i + 2..].iter().take_while(|l| is_row(l)).count();
            if !is_aligned(&heads, &lines[i + 2..end]) {
                done.extend(lines[i..end].iter().map(|l| m.words(l)));
                i = end;
                continue;
            }
            let mut rows = rows(m, &heads, &lines[i + 2..end]);
            let names: Vec<String> = heads.iter().map(|(h, _)| h.clone()).collect();
            let first: Vec<&str> = names.iter().map(String::as_str).take(2).collect();
            i = end;
            if first == ["Type", "Reason"]
                && let Some(from) = names.iter().position(|n| n == "From")
            {
                rows.retain(|r| !r[from].starts_with("kubelet") && !KUBELET_REASONS.contains(&r[1].as_str()));
                rows.sort();
                if rows.is_empty() {
                    done.pop();
                    done.push("Events:  <none>".to_owned());
                    continue;
                }
            } else if first == ["Namespace", "Name"] || first == ["Type", "Resource"] {
                rows.sort();
            }
            let rules = names.iter().map(|h| "-".repeat(h.len())).collect();
            done.extend(layout(&[vec![names, rules], rows].concat(), 2, &" ".repeat(indent)));
            continue;
        }
        i += 1;
        if line.starts_with("System Info:") {
            i += lines[i..].iter().take_while(|l| l.starts_with(' ')).count();
            continue;
        }
        done.extend(describe_line(m, line));
    }
    done.join("\n")
}

const CONDITIONS: &[&str] = &[
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
    "DisruptionTarget",
    "Type",
];

fn describe_line(m: &mut Masks, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if let (2, [name, status]) = (indent_of(line), words.as_slice())
        && CONDITIONS.contains(name)
        && ["True", "False", "Unknown", "Status"].contains(status)
    {
        // The two columns are apart by what is longest among rows that not every kubelet writes.
        return (*name != "PodReadyToStartContainers").then(|| format!("  {name}  {status}"));
    }
    let head = line.split(':').next().unwrap_or_default();
    if matches!(head.trim(), "Container ID" | "Image ID") {
        return Some(format!("{head}:  <kubelet>"));
    }
    let value = line.get(head.len() + 1..).unwrap_or_default();
    let blanks = indent_of(value);
    let put = |new: &str| Some(format!("{head}:{}{new}", &value[..blanks]));
    match head {
        "Node" | "NominatedNodeName" if !m.exact_nodes && value.contains('/') => return put("<node>"),
        "Duration" => return put("<age>"),
        "Events" if value.trim() == "<none>" => return Some("Events:  <none>".to_owned()),
        _ => {}
    }
    Some(m.words(line))
}

/// As it is, but events in the order of their text, without ages and counts.
fn kubelet_describe(m: &mut Masks, out: &str) -> String {
    let lines: Vec<&str> = out.split('\n').collect();
    let (mut done, mut i) = (Vec::new(), 0);
    while i < lines.len() {
        let line = lines[i];
        i += 1;
        if line.starts_with("Events:") && !line.trim_end().ends_with("<none>") {
            let head = lines[i];
            let heads: Heads = ["Type", "Reason", "Age", "From", "Message"]
                .iter()
                .map(|h| ((*h).to_owned(), head.find(h).unwrap_or(head.len())))
                .collect();
            i += 2;
            let mut rows: Vec<Vec<String>> = Vec::new();
            while i < lines.len() && lines[i].starts_with("  ") {
                let cells: Vec<String> = cells(&heads, lines[i]).iter().map(|c| (*c).to_owned()).collect();
                match rows.last_mut() {
                    Some(last) if cells[0].is_empty() => {
                        last[4].push('\n');
                        last[4].push_str(&cells[4]);
                    }
                    _ => rows.push(cells),
                }
                i += 1;
            }
            let mut texts: Vec<String> =
                rows.iter().map(|r| format!("  {}  {}  {}  {}", r[0], r[1], r[3], m.words(&r[4]))).collect();
            texts.sort();
            texts.dedup();
            done.push("Events:".to_owned());
            done.extend(texts);
            continue;
        }
        let head = line.split(':').next().unwrap_or_default();
        let is_id = line.contains(':') && matches!(head.trim(), "Container ID" | "Image ID");
        let is_node = head == "Node" && line.contains("/");
        done.push(match (is_id, is_node) {
            (true, _) => format!("{head}: <id>"),
            (_, true) => format!("{}<node>", &line[..line.find("node-").unwrap_or(line.len())]),
            _ => m.words(line),
        });
    }
    done.iter().map(|l| l.trim_end()).collect::<Vec<_>>().join("\n")
}
