//! Whether a certificate and a key look like a pair.
//!
//! Upstream: crypto/tls (X509KeyPair), as pkg/registry/core/secret/strategy.go (warningsForSecret) calls it
//! Differs: only the PEM armour is looked at, not the certificates in it, and not whether the key fits.

/// What is wrong with the two, if anything is.
pub(super) fn pair_error(certificate: &[u8], key: &[u8]) -> Option<String> {
    let is_key = |t: &str| t == "PRIVATE KEY" || t.ends_with(" PRIVATE KEY");
    let types = pem_types(certificate);
    if !types.iter().any(|t| t == "CERTIFICATE") {
        return Some(match types.as_slice() {
            [] => "tls: failed to find any PEM data in certificate input".to_owned(),
            [one] if is_key(one) => {
                "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM \
                 inputs may have been switched"
                    .to_owned()
            }
            skipped => format!(
                "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the \
                 following types: [{}]",
                skipped.join(" ")
            ),
        });
    }
    let types = pem_types(key);
    if types.iter().any(|t| is_key(t)) {
        return None;
    }
    Some(match types.as_slice() {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [one] if one == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        skipped => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks \
             of the following types: [{}]",
            skipped.join(" ")
        ),
    })
}

/// The types of the PEM blocks, in order.
fn pem_types(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let mut types = Vec::new();
    let mut open: Option<&str> = None;
    for line in text.lines().map(str::trim_end) {
        let begin = line.strip_prefix("-----BEGIN ").and_then(|l| l.strip_suffix("-----"));
        let end = line.strip_prefix("-----END ").and_then(|l| l.strip_suffix("-----"));
        if begin.is_some() {
            open = begin;
        } else if let (Some(t), Some(_)) = (open, end.filter(|end| open == Some(*end))) {
            types.push(t.to_owned());
            open = None;
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_is_asked_for() {
        let block = |t: &str| format!("-----BEGIN {t}-----\nAAAA\n-----END {t}-----\n");
        let check = |certificate: &str, key: &str| pair_error(certificate.as_bytes(), key.as_bytes());
        assert_eq!(check("x", "y").as_deref(), Some("tls: failed to find any PEM data in certificate input"));
        let certificate = block("CERTIFICATE");
        assert_eq!(check(&certificate, "y").as_deref(), Some("tls: failed to find any PEM data in key input"));
        assert_eq!(check(&certificate, &block("RSA PRIVATE KEY")), None);
        assert!(check(&block("PRIVATE KEY"), "").is_some_and(|e| e.ends_with("may have been switched")));
    }
}
