//! v1 Secret.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/secret/strategy.go,
//! pkg/printers/internalversion/printers.go (printSecret), pkg/apis/core/v1/{defaults,conversion}.go
//! Differs: nothing known.

use crate::api::kind::{AGE, Column, Kind, KindInfo, NAME, PrintCx, col};
use crate::apimachinery::codec::Bytes;
use crate::apimachinery::{Api, Map, ObjectMeta, Str, Value};

crate::api! {
    pub struct Secret = "io.k8s.api.core.v1.Secret" {
        metadata: ObjectMeta = "metadata".always(),
        immutable: Option<bool> = "immutable",
        data: Map<Bytes> = "data",
        string_data: Map = "stringData",
        type_: Str = "type",
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

    fn row(&self, cx: &PrintCx) -> Vec<Value> {
        let m = &self.metadata;
        vec![m.name.encode(), self.type_.encode(), self.data.len().into(), cx.age(m.creation_timestamp)]
    }

    fn field(&self, path: &str) -> Option<Str> {
        (path == "type").then(|| self.type_.clone())
    }
}
