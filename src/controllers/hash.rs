//! The `pod-template-hash` of a template, the `controller-revision-hash` of a revision.
//!
//! Upstream: pkg/controller/controller_utils.go (ComputeHash), apimachinery/pkg/util/rand (SafeEncodeString),
//! pkg/controller/history/controller_history.go (HashControllerRevision)
//! Differs: the hash is of the template's JSON, not of a dump of Go's memory, so its value is another.

use crate::api::core::PodTemplateSpec;
use crate::apimachinery::Api;

const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Up to ten characters that spell nothing.
pub(super) fn template_hash(template: &PodTemplateSpec, collisions: Option<i32>) -> String {
    text_hash(template.encode().to_string(), collisions)
}

/// As `template_hash`, of any text.
pub(super) fn text_hash(text: String, collisions: Option<i32>) -> String {
    let mut text = text.into_bytes();
    if let Some(n) = collisions {
        text.extend_from_slice(&(n as u32).to_le_bytes());
        text.extend_from_slice(&[0; 4]);
    }
    // FNV-1a.
    let hash = text.iter().fold(0x811c_9dc5u32, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(|digit| ALPHABET[digit as usize % ALPHABET.len()] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_ten_letters_at_most_and_collisions_change_it() {
        let template = PodTemplateSpec::default();
        let hash = template_hash(&template, None);
        assert!((1..=10).contains(&hash.len()));
        assert!(hash.bytes().all(|b| ALPHABET.contains(&b)));
        assert_eq!(hash, template_hash(&template, None));
        assert_ne!(hash, template_hash(&template, Some(1)));
    }
}
