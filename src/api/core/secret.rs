//! v1 Secret.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/secret/strategy.go,
//! pkg/printers/internalversion/printers.go (printSecret), pkg/apis/core/v1/{defaults,conversion}.go,
//! pkg/apis/core/validation/validation.go (ValidateSecret, …)
//! Differs: nothing known.

mod tls;

use super::config_map::{IMMUTABLE, MAX_SECRET_SIZE};
use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col};
use crate::apimachinery::codec::Bytes;
use crate::apimachinery::go_json::syntax_error;
use crate::apimachinery::names::is_config_map_key;
use crate::apimachinery::validation::validate_immutable_text;
use crate::apimachinery::value::go_word;
use crate::apimachinery::{Api, ErrorList, Map, ObjectMeta, Path, Str, Value};

crate::api! {
    pub struct Secret = "io.k8s.api.core.v1.Secret" {
        metadata: ObjectMeta = "metadata".always(),
        immutable: Option<bool> = "immutable",
        data: Map<Bytes> = "data",
        string_data: Map = "stringData",
        type_: Str = "type",
    }
}

const DATA: Path = Path::new("data");

impl Secret {
    fn bytes(&self, key: &str) -> &[u8] {
        self.data.get(key).map_or(&[], Bytes::as_slice)
    }

    /// What its type asks of a secret; types that Kubernetes does not know ask nothing.
    fn validate_type(&self, errs: &mut ErrorList) {
        let required = |key: &str, errs: &mut ErrorList| errs.required(DATA.key(key), "");
        match self.type_.as_str() {
            "kubernetes.io/service-account-token" => {
                let name = "kubernetes.io/service-account.name";
                if self.metadata.annotations.get(name).is_none_or(|v| v.is_empty()) {
                    errs.required(Path::new("metadata.annotations").key(name), "");
                }
            }
            "kubernetes.io/dockercfg" => self.validate_json(".dockercfg", errs),
            "kubernetes.io/dockerconfigjson" => self.validate_json(".dockerconfigjson", errs),
            "kubernetes.io/basic-auth"
                if !self.data.contains_key("username") && !self.data.contains_key("password") =>
            {
                required("username", errs);
                required("password", errs);
            }
            "kubernetes.io/ssh-auth" if self.bytes("ssh-privatekey").is_empty() => required("ssh-privatekey", errs),
            "kubernetes.io/tls" => {
                for key in ["tls.crt", "tls.key"] {
                    if !self.data.contains_key(key) {
                        required(key, errs);
                    }
                }
            }
            _ => {}
        }
    }

    fn validate_json(&self, key: &str, errs: &mut ErrorList) {
        let Some(bytes) = self.data.get(key) else { return errs.required(DATA.key(key), "") };
        let fault = syntax_error(bytes.as_slice()).or_else(|| {
            let value: Value = serde_json::from_slice(bytes.as_slice()).ok()?;
            let what = go_word(&value);
            (!value.is_object() && !value.is_null())
                .then(|| format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"))
        });
        if let Some(fault) = fault {
            errs.invalid(DATA.key(key), "<secret contents redacted>", fault);
        }
    }
}

impl Kind for Secret {
    const INFO: KindInfo = KindInfo::core("Secret", "secrets");
    crate::kind_glue!(Secret);
    const COLUMNS: &'static [Column] = &[NAME, col("Type"), col("Data"), AGE];
    const FIELDS: &'static [&'static str] = &["type"];

    fn set_defaults(&mut self) {
        self.type_ = self.type_.or("Opaque");
        // Write-only text: upstream moves it when it converts to its internal type, right after the defaults.
        for (key, text) in std::mem::take(&mut self.string_data).iter() {
            self.data.insert(key, Bytes::from(text.as_str()));
        }
    }

    fn prepare_for_update(&mut self, old: &Self) {
        if self.type_.is_empty() {
            self.type_ = old.type_.clone();
        }
    }

    fn validate(&self, errs: &mut ErrorList) {
        for key in self.data.keys() {
            errs.invalid_each(DATA.key(key), key, is_config_map_key(key));
        }
        let size: usize = self.data.iter().map(|(_, v)| v.as_slice().len()).sum();
        if size > MAX_SECRET_SIZE {
            errs.too_long(DATA, MAX_SECRET_SIZE);
        }
        self.validate_type(errs);
    }

    fn validate_update(&self, old: &Self, errs: &mut ErrorList) {
        validate_immutable_text(&self.type_, &old.type_, Path::new("type"), errs);
        if old.immutable == Some(true) {
            if self.immutable != Some(true) {
                errs.forbidden(Path::new("immutable"), IMMUTABLE);
            }
            if self.data != old.data {
                errs.forbidden(DATA, IMMUTABLE);
            }
        }
        self.validate(errs);
    }

    fn warnings(&self, _old: Option<&Self>, out: &mut Vec<String>) {
        if self.type_ == "kubernetes.io/tls" {
            out.extend(tls::pair_error(self.bytes("tls.crt"), self.bytes("tls.key")));
        }
    }

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let m = &self.metadata;
        vec![m.name.encode(), self.type_.encode(), self.data.len().into(), cx.age(m.creation_timestamp)]
    }

    fn field(&self, path: &str) -> Option<Str> {
        (path == "type").then(|| self.type_.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create, faults_of_update};

    #[test]
    fn text_moves_into_the_data_and_wins() {
        let secret: Secret = decode("{data: {a: b2xk, b: b2xk}, stringData: {a: new}}");
        assert_eq!(secret.data.get("a").map(Bytes::to_text).as_deref(), Some("new"));
        assert_eq!(secret.data.get("b").map(Bytes::to_text).as_deref(), Some("old"));
        assert!(secret.string_data.is_empty());
        assert_eq!(secret.type_, "Opaque");
    }

    #[test]
    fn refusals_are_those_of_a_cluster() {
        for (type_, data, want) in [
            ("Opaque", "{a: x}", vec![]),
            ("example.com/own", "{}", vec![]),
            ("kubernetes.io/tls", "{a: x}", vec!["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
            ("kubernetes.io/dockerconfigjson", "{a: x}", vec!["data[.dockerconfigjson]: Required value"]),
            (
                "kubernetes.io/dockerconfigjson",
                "{.dockerconfigjson: not json}",
                vec![
                    "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'o' in \
                     literal null (expecting 'u')",
                ],
            ),
            (
                "kubernetes.io/dockercfg",
                "{.dockercfg: '{'}",
                vec!["data[.dockercfg]: Invalid value: \"<secret contents redacted>\": unexpected end of JSON input"],
            ),
            (
                "kubernetes.io/dockercfg",
                "{.dockercfg: '[]'}",
                vec![
                    "data[.dockercfg]: Invalid value: \"<secret contents redacted>\": json: cannot unmarshal array into \
                     Go value of type map[string]interface {}",
                ],
            ),
            (
                "kubernetes.io/basic-auth",
                "{a: x}",
                vec!["data[username]: Required value", "data[password]: Required value"],
            ),
            ("kubernetes.io/basic-auth", "{username: x}", vec![]),
            ("kubernetes.io/ssh-auth", "{ssh-privatekey: ''}", vec!["data[ssh-privatekey]: Required value"]),
            (
                "kubernetes.io/service-account-token",
                "{}",
                vec!["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
            ),
        ] {
            let yaml = format!("{{type: {type_}, stringData: {data}}}");
            assert_eq!(faults_of_create::<Secret>(&yaml), want, "{yaml}");
        }
    }

    #[test]
    fn the_type_stays() {
        assert_eq!(
            faults_of_update::<Secret>("{type: Opaque}", "{type: example.com/own}"),
            ["type: Invalid value: \"example.com/own\": field is immutable"]
        );
    }

    #[test]
    fn a_pair_that_is_none_is_warned_of() {
        let secret: Secret = decode("{type: kubernetes.io/tls, stringData: {tls.crt: x, tls.key: y}}");
        let mut warnings = Vec::new();
        secret.warnings(None, &mut warnings);
        assert_eq!(warnings, ["tls: failed to find any PEM data in certificate input"]);
    }
}
