//! Placeholder until the real module lands.
use super::Value;
use serde::Deserialize;
pub struct Span {
    pub line: usize,
    pub column: usize,
    pub end_column: usize,
}
#[derive(Default)]
pub struct Positions;
impl Positions {
    pub fn of(&self, _path: &str) -> Option<Span> {
        None
    }
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
}
pub struct Document {
    pub value: Value,
    pub positions: Positions,
    pub line: usize,
}
pub struct SyntaxError {
    pub line: usize,
    pub column: usize,
    pub message: String,
}
pub fn read(text: &str) -> (Vec<Document>, Option<SyntaxError>) {
    let mut out = Vec::new();
    for d in serde_yaml::Deserializer::from_str(text) {
        match Value::deserialize(d) {
            Ok(value) => out.push(Document { value, positions: Positions, line: 1 }),
            Err(e) => {
                return (
                    out,
                    Some(SyntaxError { line: e.location().map_or(1, |l| l.line()), column: 1, message: e.to_string() }),
                );
            }
        }
    }
    (out, None)
}
