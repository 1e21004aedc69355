//! Manifests as kubectl reads them: the documents of a text, as JSON, and where in the text each value stands.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/yaml/decoder.go (YAMLOrJSONDecoder), sigs.k8s.io/yaml
//! (YAMLToJSON), go.yaml.in/yaml/v2 (decode.go, resolve.go)
//! Differs: flow collections end at 255 levels, long before upstream's 10,000, and what is deeper than a kind can be is
//! read as empty; reading goes on after a document that is wrong.

use super::Value;

mod compose;
mod decode;
mod position;
mod print;
mod scalar;
mod split;
mod syntax;

pub use position::{Positions, Span};
pub use print::print;

/// One document that says something.
#[derive(Clone, Debug)]
pub struct Document {
    pub value: Value,
    pub positions: Positions,
    /// The line of the text at which it begins, counted from 1.
    pub line: usize,
    /// Names that stand again in an object: their paths, and the line of each one that is too many.
    pub duplicates: Vec<(String, usize)>,
}

/// Why a document could not be read, and where in the text; the place is the true one, whatever line the sentence names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// kubectl's sentence, after `error parsing FILE: `.
    pub message: String,
    pub line: usize,
    pub column: usize,
    pub span: Span,
}

impl SyntaxError {
    fn new(message: String, span: Span) -> SyntaxError {
        SyntaxError { message, line: span.line, column: span.column, span }
    }
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// The documents of a text in order, empty ones left out, and the error that kubectl stops at.
pub fn read(text: &str) -> (Vec<Document>, Option<SyntaxError>) {
    let mut documents = Vec::new();
    for document in read_all(text) {
        match document {
            Ok(document) => documents.push(document),
            Err(error) => return (documents, Some(error)),
        }
    }
    (documents, None)
}

/// The documents of a text in order, empty ones left out, and all that is wrong between them.
pub fn read_all(text: &str) -> Vec<Result<Document, SyntaxError>> {
    let mut documents = Vec::new();
    for chunk in split::chunks(text) {
        let document = chunk.and_then(|chunk| match chunk.kind {
            split::Kind::Json => read_json(&chunk),
            split::Kind::Yaml => read_yaml(&chunk.text, chunk.line),
        });
        match document {
            Ok(document) if document.value.is_null() => {}
            document => documents.push(document),
        }
    }
    documents
}

/// The first document of a text that is YAML, such as a patch; null where there is none.
pub fn read_one(text: &str) -> Result<Document, SyntaxError> {
    read_yaml(text, 1)
}

/// `line` is where the text begins in the whole.
fn read_yaml(text: &str, line: usize) -> Result<Document, SyntaxError> {
    let fail = |message: &str, mut span: Span| {
        span.shift_lines(line - 1);
        SyntaxError::new(converting(message), span)
    };
    let text = syntax::check(text).map_err(|p| fail(&p.message(), Span::point(p.line, p.column)))?;
    let decoded = compose::compose(&text).and_then(|tree| decode::decode(&tree));
    let mut decoded = decoded.map_err(|(message, span)| fail(&message, span))?;
    decoded.positions.shift_lines(line - 1);
    let duplicates = decoded.duplicates.into_iter().map(|(path, at)| (path, at + line - 1)).collect();
    Ok(Document { value: decoded.value, positions: decoded.positions, line, duplicates })
}

fn converting(message: &str) -> String {
    format!("error converting YAML to JSON: {message}")
}

/// JSON that has been checked; YAML reads nearly all of it too, and so knows where everything stands.
fn read_json(chunk: &split::Chunk) -> Result<Document, SyntaxError> {
    let value = match super::value::parse_json(chunk.text.as_bytes()) {
        Ok((value, _)) => value,
        Err(message) => return Err(SyntaxError::new(message, Span::point(chunk.line, 1))),
    };
    let (positions, duplicates) = match read_yaml(&chunk.text, chunk.line) {
        Ok(document) => (document.positions, document.duplicates),
        Err(_) => Default::default(),
    };
    Ok(Document { value, positions, line: chunk.line, duplicates })
}

#[cfg(test)]
mod tests;
