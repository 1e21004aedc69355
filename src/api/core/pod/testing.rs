//! Pods from JSON, for the tests of this room.
//!
//! Upstream: pkg/api/pod/testing/make.go

use super::Pod;
use crate::apimachinery::value::parse_json;
use crate::apimachinery::{Api, Decoder};

pub(crate) fn of<T: Api>(json: &str) -> T {
    let (value, _) = parse_json(json.as_bytes()).unwrap_or_else(|e| panic!("{e} in {json}"));
    let mut d = Decoder::new();
    let out = d.run(&value).unwrap_or_else(|e| panic!("{e} in {json}"));
    assert!(d.unknown.is_empty(), "unknown {:?} in {json}", d.unknown);
    out
}

pub(crate) fn pod(json: &str) -> Pod {
    of(json)
}
