//! What kubectl prints when something fails.
//!
//! Upstream: staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go (checkErr, StandardErrorMessage, MultilineError, AddSourceToErr)
//! Differs: nothing known.

use crate::apimachinery::Value;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Failure {
    /// kubectl's own sentence.
    Own(String),
    /// The API server's.
    Status(Value),
    Many(Vec<Failure>),
}

impl Failure {
    pub fn own(text: impl Into<String>) -> Failure {
        Failure::Own(text.into())
    }

    pub fn is(&self, reason: &str) -> bool {
        matches!(self, Failure::Status(s) if s["reason"] == reason)
    }

    /// Nothing failed, one thing, or several.
    pub fn of(mut all: Vec<Failure>) -> Result<(), Failure> {
        match all.len() {
            0 => Ok(()),
            1 => Err(all.remove(0)),
            _ => Err(Failure::Many(all)),
        }
    }

    pub fn message(&self) -> String {
        match self {
            Failure::Own(text) => text.clone(),
            Failure::Status(s) => s["message"].as_str().unwrap_or_default().to_owned(),
            Failure::Many(all) => all.iter().map(Failure::message).collect::<Vec<_>>().join(", "),
        }
    }

    /// Says what was being done, and with which file.
    pub fn when(self, doing: &str, source: &str) -> Failure {
        let text = format!("error when {doing} \"{source}\": {}", self.message());
        match self {
            Failure::Status(mut s) => {
                s["message"] = text.into();
                Failure::Status(s)
            }
            _ => Failure::Own(text),
        }
    }

    /// The text for standard error, with its end.
    pub fn text(&self) -> String {
        let mut text = match self {
            Failure::Status(s) if s["reason"] == "Invalid" => invalid(s),
            Failure::Many(all) => all.iter().map(|f| f.line() + "\n").collect(),
            Failure::Own(text) if !text.starts_with("error: ") => format!("error: {text}"),
            other => other.line(),
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// The same as one line among several.
    fn line(&self) -> String {
        match self {
            Failure::Status(s) => match s["reason"].as_str() {
                None | Some("") => format!("Error from server: {}", self.message()),
                Some(reason) => format!("Error from server ({reason}): {}", self.message()),
            },
            _ => self.message(),
        }
    }
}

fn invalid(status: &Value) -> String {
    let mut head = "The request is invalid".to_owned();
    let message = status["message"].as_str().unwrap_or_default();
    let Some(details) = status["details"].as_object() else {
        return if message.is_empty() { head } else { format!("{head}: {message}") };
    };
    let text = |k: &str| details.get(k).and_then(Value::as_str).unwrap_or_default();
    let causes = details.get("causes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if !text("kind").is_empty() || !text("name").is_empty() {
        head = format!("The {} \"{}\" is invalid", text("kind"), text("name"));
    } else if !message.is_empty() && causes.is_empty() {
        head = format!("{head}: {message}");
    }
    let mut lines: Vec<String> = Vec::new();
    for c in causes {
        let line =
            format!("{}: {}", c["field"].as_str().unwrap_or_default(), c["message"].as_str().unwrap_or_default());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    match lines.as_slice() {
        [] => head,
        [one] => format!("{head}: {one}\n"),
        many => many.iter().fold(format!("{head}: \n"), |text, line| text + "* " + line + "\n"),
    }
}
