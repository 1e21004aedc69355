//! Names that the server and the controllers make up.
//!
//! Upstream: staging/src/k8s.io/apiserver/pkg/storage/names/generate.go (SimpleNameGenerator),
//! staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go (String, SafeEncodeString)
//! Differs: letters are drawn one by one from the caller's source of chance.

/// No vowels, and none of 0, 1 and 3, so that no word comes out.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const RANDOM_LENGTH: usize = 5;

/// How much of a `generateName` is kept, so that the whole has at most 63 bytes.
pub const MAX_GENERATED_NAME_LENGTH: usize = 63 - RANDOM_LENGTH;

/// `base` with five letters; `below(n)` draws a number less than n.
pub fn generate_name(base: &str, below: impl FnMut(usize) -> usize) -> String {
    let kept = &base[..base.floor_char_boundary(MAX_GENERATED_NAME_LENGTH)];
    format!("{kept}{}", random_text(RANDOM_LENGTH, below))
}

/// So many random letters.
pub fn random_text(length: usize, mut below: impl FnMut(usize) -> usize) -> String {
    (0..length).map(|_| char::from(ALPHABET[below(ALPHABET.len()) % ALPHABET.len()])).collect()
}

/// A text, usually the digits of a hash, in the letters of random names.
pub fn safe_encode(text: &str) -> String {
    text.chars().map(|c| char::from(ALPHABET[c as usize % ALPHABET.len()])).collect()
}
