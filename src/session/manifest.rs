//! Documents of a manifest with their places, so that what is said of a field is said at its line.

use super::protocol::{Diagnostic, Severity};
use crate::api::KindId;
use crate::apimachinery::schema::StructSchema;
use crate::apimachinery::value::Value;
use crate::apimachinery::yaml::{self, Document};

/// One document of a file.
pub(super) struct Manifest {
    pub file: String,
    pub value: Value,
    document: Document,
}

/// The documents of a file, and what stopped the reading.
pub(super) fn read(file: &str, text: &str) -> (Vec<Manifest>, Vec<Diagnostic>) {
    let (documents, error) = yaml::read(text);
    let manifests = documents
        .into_iter()
        .filter(|d| !d.value.is_null())
        .map(|document| Manifest { file: file.to_owned(), value: document.value.clone(), document })
        .collect();
    let problems = error.into_iter().map(|e| Diagnostic {
        file: file.to_owned(),
        line: e.line as u32,
        column: e.column.max(1) as u32,
        end_column: 0,
        severity: Severity::Error,
        message: format!("error parsing {file}: {}", e.message),
        path: String::new(),
        fix: None,
    });
    (manifests, problems.collect())
}

impl Manifest {
    /// Something wrong with the field at `path`.
    pub(super) fn problem(&self, path: &str, message: &str) -> Diagnostic {
        let span = self.span(path);
        Diagnostic {
            file: self.file.clone(),
            line: span.0,
            column: span.1,
            end_column: span.2,
            severity: Severity::Error,
            message: message.to_owned(),
            path: path.to_owned(),
            fix: None,
        }
    }

    /// A sentence that may name a field at its head or in quotes.
    pub(super) fn diagnose(&self, message: &str, severity: Severity) -> Diagnostic {
        let path = message.split(": ").next().unwrap_or_default();
        let path = if path.contains(' ') { "" } else { path };
        Diagnostic { severity, ..self.problem(path, message) }
    }

    /// Line, column and end of the nearest thing that is there, from the field up.
    fn span(&self, path: &str) -> (u32, u32, u32) {
        match self.document.positions.nearest(path) {
            Some(s) => (s.line as u32, s.column as u32, s.end_column as u32),
            None => (self.document.line.max(1) as u32, 1, 0),
        }
    }

    /// The problems in a refusal of the API server, each at its field.
    pub(super) fn refused(&self, kind: KindId, status: &Value) -> Vec<Diagnostic> {
        let message = status["message"].as_str().unwrap_or_default();
        let causes = status.pointer("/details/causes").and_then(Value::as_array);
        if let Some(causes) = causes.filter(|c| status["reason"] == "Invalid" && !c.is_empty()) {
            let text = |c: &Value, k: &str| c[k].as_str().unwrap_or_default().to_owned();
            let one = |c: &Value| {
                let field = text(c, "field");
                self.problem(&field, &format!("{field}: {}", text(c, "message")))
            };
            return causes.iter().map(one).collect();
        }
        let unknown: Vec<Diagnostic> = fields_in(message)
            .into_iter()
            .map(|path| {
                // The name itself is what is wrong, and what a fix replaces.
                let at = self.document.positions.key(&path);
                let fix = at.and_then(|_| nearest(kind.schema(), &path));
                let mut problem = Diagnostic { fix, ..self.problem(&path, message) };
                if let Some(s) = at {
                    problem.line = s.line as u32;
                    problem.column = s.column as u32;
                    problem.end_column = s.end_column as u32;
                }
                problem
            })
            .collect();
        if !unknown.is_empty() {
            return unknown;
        }
        // `… into Go struct field DeploymentSpec.spec.replicas of type int32`: a path without indices.
        let typed = message.split("Go struct field ").nth(1).and_then(|s| s.split(" of type ").next());
        let path = typed.and_then(|s| s.split_once('.')).map(|(_, p)| self.with_indices(p));
        vec![self.problem(&path.unwrap_or_default(), message)]
    }

    /// The first place whose path is `path` when indices are left out.
    fn with_indices(&self, path: &str) -> String {
        let bare = |p: &str| {
            let mut out = String::new();
            let mut inside = false;
            for c in p.chars() {
                match c {
                    '[' => inside = true,
                    ']' => inside = false,
                    c if !inside => out.push(c),
                    _ => {}
                }
            }
            out
        };
        self.document.positions.paths().find(|p| bare(p) == path).map_or_else(|| path.to_owned(), str::to_owned)
    }
}

/// The paths in `unknown field "spec.replica"` and `duplicate field "…"`.
fn fields_in(message: &str) -> Vec<String> {
    let mut out = Vec::new();
    for part in message.split("unknown field \"").skip(1) {
        if let Some(path) = part.split('"').next() {
            out.push(path.to_owned());
        }
    }
    out
}

/// The field that was meant: the one of the same struct whose name is nearest.
fn nearest(root: &'static StructSchema, path: &str) -> Option<String> {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at = root;
    for part in parent.split('.').filter(|p| !p.is_empty()) {
        let part = part.split('[').next().unwrap_or_default();
        at = at.field(part)?.ty.as_struct()?;
    }
    let distance = |f: &str| strsim::damerau_levenshtein(f, name);
    let best = at.fields.iter().min_by_key(|f| distance(f.name))?;
    (distance(best.name) <= 2.max(name.len() / 3)).then(|| best.name.to_owned())
}
