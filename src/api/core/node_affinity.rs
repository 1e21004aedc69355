//! Whether a node suits a pod's node selector, node affinity and tolerations.
//!
//! Upstream: staging/src/k8s.io/component-helpers/scheduling/corev1/{helpers.go,nodeaffinity/nodeaffinity.go}
//! Differs: a term that cannot be parsed matches nothing, and no error tells of it.

use super::{Node, NodeSelector, NodeSelectorTerm, Pod, Taint, Toleration};
use crate::apimachinery::labels::{Operator, Requirement, Selector};
use crate::apimachinery::{Map, Str};

/// One term, parsed; the parts are ANDed.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeTerm {
    labels: Option<Selector>,
    /// (wanted, name): `metadata.name` equal to it, or not equal.
    names: Vec<(bool, Str)>,
}

impl NodeTerm {
    /// None: it selects nothing.
    fn parse(term: &NodeSelectorTerm) -> Option<NodeTerm> {
        if term.match_expressions.is_empty() && term.match_fields.is_empty() {
            return None;
        }
        let mut requirements = Vec::new();
        for e in &term.match_expressions {
            let operator = Operator::of_node_selector(&e.operator)?;
            requirements.push(Requirement::new(&e.key, operator, e.values.to_vec()).ok()?);
        }
        let mut names = Vec::new();
        for e in &term.match_fields {
            let wanted = match e.operator.as_str() {
                "In" => true,
                "NotIn" => false,
                _ => return None,
            };
            if e.values.len() != 1 {
                return None;
            }
            // A node has no other field, so a wish for one is never met, and a ban on one always.
            if e.key != "metadata.name" {
                if wanted && !e.values[0].is_empty() {
                    return None;
                }
                continue;
            }
            names.push((wanted, e.values[0].clone()));
        }
        let labels = (!term.match_expressions.is_empty()).then(|| Selector::new(requirements));
        Some(NodeTerm { labels, names })
    }

    fn matches(&self, node: &Node) -> bool {
        let labels = &node.metadata.labels;
        self.labels.as_ref().is_none_or(|s| s.matches(|key| labels.get(key).map(Str::as_str)))
            && self.names.iter().all(|(wanted, name)| (*name == node.metadata.name) == *wanted)
    }
}

pub fn parse_node_selector(selector: &NodeSelector) -> Vec<NodeTerm> {
    selector.node_selector_terms.iter().filter_map(NodeTerm::parse).collect()
}

pub fn node_selector_matches(terms: &[NodeTerm], node: &Node) -> bool {
    terms.iter().any(|t| t.matches(node))
}

/// Node selector and required node affinity together.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct RequiredNodeAffinity {
    labels: Map,
    terms: Option<Vec<NodeTerm>>,
}

impl RequiredNodeAffinity {
    pub fn of_pod(pod: &Pod) -> RequiredNodeAffinity {
        let affinity = pod.spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref());
        let required = affinity.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
        RequiredNodeAffinity { labels: pod.spec.node_selector.clone(), terms: required.map(|r| parse_node_selector(r)) }
    }

    /// Whether it restricts nothing.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.terms.is_none()
    }

    pub fn matches(&self, node: &Node) -> bool {
        self.labels.iter().all(|(k, v)| node.metadata.labels.get(k) == Some(v))
            && self.terms.as_ref().is_none_or(|terms| node_selector_matches(terms, node))
    }
}

/// The weights and terms of the preferred node affinity.
pub fn preferred_node_affinity(pod: &Pod) -> Vec<(i64, NodeTerm)> {
    let affinity = pod.spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref());
    let Some(affinity) = affinity else { return Vec::new() };
    let preferred = &affinity.preferred_during_scheduling_ignored_during_execution;
    preferred
        .iter()
        .filter(|p| p.weight != 0)
        .filter_map(|p| NodeTerm::parse(&p.preference).map(|t| (i64::from(p.weight), t)))
        .collect()
}

pub fn preferred_score(preferred: &[(i64, NodeTerm)], node: &Node) -> i64 {
    preferred.iter().filter(|(_, t)| t.matches(node)).map(|(weight, _)| weight).sum()
}

pub fn tolerate(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|t| t.tolerates(taint))
}

/// The first taint that keeps new pods away and is not tolerated.
pub fn untolerated<'a>(taints: &'a [Taint], tolerations: &[Toleration]) -> Option<&'a Taint> {
    taints.iter().filter(|t| t.effect == "NoSchedule" || t.effect == "NoExecute").find(|t| !tolerate(tolerations, t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::core::NodeSelectorRequirement;

    fn requirement(key: &str, operator: &str, values: &[&str]) -> NodeSelectorRequirement {
        NodeSelectorRequirement {
            key: Str::from(key),
            operator: Str::from(operator),
            values: values.iter().map(|v| Str::from(*v)).collect(),
        }
    }

    #[track_caller]
    fn check(expressions: &[(&str, &str, &[&str])], fields: &[(&str, &str, &[&str])], expected: bool) {
        let term = NodeSelectorTerm {
            match_expressions: expressions.iter().map(|(k, o, v)| requirement(k, o, v)).collect(),
            match_fields: fields.iter().map(|(k, o, v)| requirement(k, o, v)).collect(),
        };
        let mut n = Node::default();
        n.metadata.name = Str::literal("n1");
        n.metadata.labels = [("zone", Str::literal("a")), ("size", Str::literal("8"))].into_iter().collect();
        let matches = NodeTerm::parse(&term).is_some_and(|t| t.matches(&n));
        assert_eq!(matches, expected, "{term:?}");
    }

    #[test]
    fn node_selector_terms() {
        check(&[], &[], false);
        check(&[("zone", "In", &["a", "b"])], &[], true);
        check(&[("zone", "NotIn", &["a"])], &[], false);
        check(&[("size", "Gt", &["5"]), ("size", "Lt", &["9"])], &[], true);
        check(&[("size", "DoesNotExist", &[])], &[], false);
        check(&[], &[("metadata.name", "In", &["n1"])], true);
        check(&[("zone", "In", &["a"])], &[("metadata.name", "NotIn", &["n1"])], false);
        check(&[("zone", "Like", &["a"])], &[], false);
    }

    #[test]
    fn tolerations() {
        let taint = |key: &'static str, value: &'static str, effect: &'static str| Taint {
            key: Str::literal(key),
            value: Str::literal(value),
            effect: Str::literal(effect),
            time_added: None,
        };
        let t = |key: &'static str, operator: &'static str, value: &'static str, effect: &'static str| Toleration {
            key: Str::literal(key),
            operator: Str::literal(operator),
            value: Str::literal(value),
            effect: Str::literal(effect),
            toleration_seconds: None,
        };
        let gpu = taint("gpu", "x", "NoSchedule");
        for (toleration, expected) in [
            (t("gpu", "Equal", "x", "NoSchedule"), true),
            (t("gpu", "", "x", ""), true),
            (t("gpu", "Exists", "", "NoExecute"), false),
            (t("", "Exists", "", ""), true),
            (t("gpu", "Equal", "y", ""), false),
        ] {
            assert_eq!(toleration.tolerates(&gpu), expected, "{toleration:?}");
        }
        assert!(untolerated(&[taint("a", "", "PreferNoSchedule")], &[]).is_none());
    }
}
