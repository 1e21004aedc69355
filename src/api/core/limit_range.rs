//! v1 LimitRange.
//!
//! Upstream: staging/src/k8s.io/api/core/v1/types.go, pkg/registry/core/limitrange/strategy.go,
//! pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem), pkg/apis/core/validation/validation.go (ValidateLimitRange),
//! apiserver/pkg/registry/rest/table.go (defaultTableConvertor)
//! Differs: nothing known.

use super::pod::validate::{container_resource_name, resource_name};
use crate::api::kind::{Column, Kind, KindInfo, NAME, PrintCx};
use crate::apimachinery::names::is_qualified_name;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{Api, Arrange, ErrorList, List, Map, ObjectMeta, Path, Str, Value};
use std::rc::Rc;

crate::api! {
    pub struct LimitRange = "io.k8s.api.core.v1.LimitRange" {
        metadata: ObjectMeta = "metadata".always(),
        spec: Rc<LimitRangeSpec> = "spec".always(),
    }

    pub struct LimitRangeSpec = "io.k8s.api.core.v1.LimitRangeSpec" {
        limits: List<LimitRangeItem> = "limits".always().atomic(),
    }

    pub struct LimitRangeItem = "io.k8s.api.core.v1.LimitRangeItem" {
        type_: Str = "type".always(),
        max: Map<Quantity> = "max",
        min: Map<Quantity> = "min",
        default: Map<Quantity> = "default",
        default_request: Map<Quantity> = "defaultRequest",
        max_limit_request_ratio: Map<Quantity> = "maxLimitRequestRatio",
    }
}

const LIMITS: Path = Path::new("spec.limits");
const CONTAINER: &str = "Container";
const POD: &str = "Pod";
const CLAIM: &str = "PersistentVolumeClaim";

impl LimitRangeItem {
    /// Of a container each bound that is left out follows from the next wider one.
    fn set_defaults(&mut self) {
        if self.type_ != CONTAINER {
            return;
        }
        let fill = |to: &mut Map<Quantity>, from: &Map<Quantity>| {
            for (k, q) in from.iter() {
                if !to.contains_key(k) {
                    to.insert(k, q.clone());
                }
            }
        };
        fill(&mut self.default, &self.max);
        fill(&mut self.default_request, &self.default);
        fill(&mut self.default_request, &self.min);
    }

    fn validate(&self, path: Path, errs: &mut ErrorList) {
        let of_pod = self.type_ == POD;
        let lists = [
            ("max", &self.max, true),
            ("min", &self.min, true),
            ("default", &self.default, !of_pod),
            ("defaultRequest", &self.default_request, !of_pod),
        ];
        for (name, list, allowed) in lists {
            if allowed {
                self.validate_names(list, path.child(name), errs);
            } else if !list.is_empty() {
                errs.forbidden(path.child(name), "may not be specified when `type` is 'Pod'");
            }
        }
        if self.type_ == CLAIM && !self.min.contains_key("storage") && !self.max.contains_key("storage") {
            let detail = "either minimum or maximum storage value is required, but neither was provided";
            errs.required(path.child("limits"), detail);
        }
        self.validate_names(&self.max_limit_request_ratio, path.child("maxLimitRequestRatio"), errs);
        let all = [&self.max, &self.min, &self.default, &self.default_request, &self.max_limit_request_ratio];
        let mut keys: Vec<&Str> = all.iter().flat_map(|m| m.keys()).collect();
        keys.arrange();
        keys.dedup();
        for key in keys {
            self.validate_resource(key, path, errs);
        }
    }

    fn validate_names(&self, list: &Map<Quantity>, path: Path, errs: &mut ErrorList) {
        for name in list.keys() {
            match self.type_.as_str() {
                POD | CONTAINER => container_resource_name(name, path.key(name), errs),
                _ => {
                    resource_name(name, path.key(name), errs);
                }
            }
        }
    }

    /// The bounds of one resource against each other.
    fn validate_resource(&self, key: &str, path: Path, errs: &mut ErrorList) {
        let of_pod = self.type_ == POD;
        let (min, max) = (self.min.get(key), self.max.get(key));
        let default = self.default.get(key).filter(|_| !of_pod);
        let request = self.default_request.get(key).filter(|_| !of_pod);
        let mut rule =
            |name: &str, lower: Option<&Quantity>, upper: Option<&Quantity>, shown: Shown, words: [&str; 2]| {
                if let (Some(lower), Some(upper)) = (lower, upper)
                    && lower > upper
                {
                    let value = if shown == Shown::Lower { lower } else { upper };
                    let detail = format!("{} value {lower} is greater than {} value {upper}", words[0], words[1]);
                    errs.invalid(path.child(name).key(key), &value.to_string(), detail);
                }
            };
        rule("min", min, max, Shown::Lower, ["min", "max"]);
        rule("defaultRequest", min, request, Shown::Upper, ["min", "default request"]);
        rule("defaultRequest", request, max, Shown::Lower, ["default request", "max"]);
        rule("defaultRequest", request, default, Shown::Lower, ["default request", "default limit"]);
        rule("default", min, default, Shown::Lower, ["min", "default"]);
        rule("default", default, max, Shown::Upper, ["default", "max"]);
        if let Some(ratio) = self.max_limit_request_ratio.get(key) {
            let path = path.child("maxLimitRequestRatio");
            if *ratio < Quantity::from_milli(1000) {
                errs.invalid(path.key(key), &ratio.to_string(), format!("ratio {ratio} is less than 1"));
            }
            if let (Some(min), Some(max)) = (min, max) {
                let limit = max.to_f64() / min.to_f64();
                if ratio.to_f64() > limit {
                    let detail = format!("ratio {ratio} is greater than max/min = {limit:.6}");
                    errs.invalid(path.key(key), &ratio.to_string(), detail);
                }
            }
        }
        let native = !key.contains('/') || key.contains("kubernetes.io/");
        let overcommits = native && !key.starts_with("hugepages-");
        if let (Some(default), Some(request)) = (default, request)
            && !overcommits
            && default != request
        {
            let detail = format!("default value {default} must equal to defaultRequest value {request} in {key}");
            errs.invalid(path.child("defaultRequest").key(key), &request.to_string(), detail);
        }
    }
}

/// Which of the two amounts a message shows as the wrong one.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Lower,
    Upper,
}

impl Kind for LimitRange {
    const INFO: KindInfo = KindInfo { short: &["limits"], ..KindInfo::core("LimitRange", "limitranges") };
    crate::kind_glue!(LimitRange);
    const COLUMNS: &'static [Column] = &[NAME, Column { name: "Created At", kind: "date", format: "", priority: 0 }];

    fn set_defaults(&mut self) {
        let mut limits = self.spec.limits.clone();
        limits.make_mut().iter_mut().for_each(LimitRangeItem::set_defaults);
        if limits != self.spec.limits {
            Rc::make_mut(&mut self.spec).limits = limits;
        }
    }

    fn validate(&self, errs: &mut ErrorList) {
        let limits = &self.spec.limits;
        for (i, limit) in limits.iter().enumerate() {
            let path = LIMITS.index(i);
            let name = &limit.type_;
            let faults = is_qualified_name(name);
            if faults.is_empty() && !name.contains('/') && !matches!(name.as_str(), POD | CONTAINER | CLAIM) {
                errs.invalid(path.child("type"), name, "must be a standard limit type or fully qualified");
            }
            errs.invalid_each(path.child("type"), name, faults);
            if limits[..i].iter().any(|l| l.type_ == *name) {
                errs.duplicate(path.child("type"), name);
            }
            limit.validate(path, errs);
        }
    }

    fn row(&self, _cx: &PrintCx) -> Vec<Value> {
        vec![self.metadata.name.encode(), self.metadata.creation_timestamp.to_string().into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::testing::{decode, faults_of_create};

    #[test]
    fn bounds_of_a_container_follow_from_each_other() {
        let range: LimitRange = decode("{spec: {limits: [{type: Container, max: {cpu: 2}, min: {memory: 1Mi}}]}}");
        let limit = &range.spec.limits[0];
        let text = |m: &Map<Quantity>| m.iter().map(|(k, q)| format!("{k}={q}")).collect::<Vec<_>>().join(",");
        assert_eq!(text(&limit.default), "cpu=2");
        assert_eq!(text(&limit.default_request), "cpu=2,memory=1Mi");
    }

    #[test]
    fn refusals_are_those_of_a_cluster() {
        for (limits, want) in [
            ("{type: Container, max: {cpu: 1}, min: {cpu: 500m}}", vec![]),
            (
                "{type: Node}",
                vec!["spec.limits[0].type: Invalid value: \"Node\": must be a standard limit type or fully qualified"],
            ),
            (
                "{type: Pod, default: {cpu: 1}}",
                vec!["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
            ),
            (
                "{type: Pod, max: {cpu: 1}, min: {cpu: 2}}",
                vec!["spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1"],
            ),
            (
                "{type: PersistentVolumeClaim}",
                vec![
                    "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but \
                     neither was provided",
                ],
            ),
            (
                "{type: Pod, max: {cpu: 1}, min: {cpu: 500m}, maxLimitRequestRatio: {cpu: 4}}",
                vec![
                    "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"4\": ratio 4 is greater than max/min = \
                     2.000000",
                ],
            ),
        ] {
            let yaml = format!("{{spec: {{limits: [{limits}]}}}}");
            assert_eq!(faults_of_create::<LimitRange>(&yaml), want, "{limits}");
        }
    }
}
