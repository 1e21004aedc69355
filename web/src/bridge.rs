//! What page and worker say to each other: one postcard value in each transferred buffer.

use serde::{Deserialize, Serialize};

/// From the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToWorker {
    /// Opens the conversation.
    Hello { build: String },
    /// Asks for a sign of life.
    Ping(u32),
}

/// From the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromWorker {
    /// Answers `Hello` with the worker's own build.
    Hello { build: String },
    /// Answers `Ping` with its number.
    Pong(u32),
}

/// A value as bytes.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("plain data encodes")
}

/// Bytes as a value; `None` when they are not one.
pub fn decode<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_way() {
        let hello = ToWorker::Hello { build: "b".to_owned() };
        assert_eq!(decode::<ToWorker>(&encode(&hello)), Some(hello));
        assert_eq!(decode::<ToWorker>(&[9, 9]), None);
    }
}
