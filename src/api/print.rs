//! What the cells of several kinds share.
//!
//! Upstream: pkg/printers/internalversion/printers.go (layoutContainerCells, formatResourceName),
//! apimachinery/pkg/labels/labels.go (FormatLabels), apimachinery/pkg/apis/meta/v1/helpers.go (FormatLabelSelector)
//! Differs: nothing known.

use super::core::Container;
use crate::apimachinery::{LabelSelector, Map, Value};

/// `a=b,c=d`, or `<none>`.
pub fn format_labels(labels: &Map) -> String {
    if labels.is_empty() {
        return "<none>".to_owned();
    }
    labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
}

/// The selector as a query; empty for one that selects everything, or nothing. None where it is no selector at all.
pub fn selector_text(selector: Option<&LabelSelector>) -> Option<String> {
    selector.map_or(Some(String::new()), |s| s.to_selector().ok().map(|s| s.to_string()))
}

/// The names and the images of containers.
pub fn container_cells(containers: &[Container]) -> [Value; 2] {
    let join = |f: fn(&Container) -> &str| Value::from(containers.iter().map(f).collect::<Vec<_>>().join(","));
    [join(|c| &c.name), join(|c| &c.image)]
}

/// The text, or `otherwise` where it is empty.
pub fn cell_or(text: &str, otherwise: &str) -> Value {
    Value::from(if text.is_empty() { otherwise } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::{LabelSelectorRequirement, Str};

    #[test]
    fn selectors_read_as_queries() {
        let requirement = |key: &str, operator: &str, values: &[&str]| LabelSelectorRequirement {
            key: key.into(),
            operator: operator.into(),
            values: values.iter().map(|v| Str::from(*v)).collect(),
        };
        let mut s = LabelSelector { match_labels: [("m", Str::from("1"))].into_iter().collect(), ..Default::default() };
        s.match_expressions = vec![
            requirement("z", "Exists", &[]),
            requirement("b", "In", &["y", "x"]),
            requirement("a", "DoesNotExist", &[]),
            requirement("c", "NotIn", &["q"]),
        ]
        .into();
        assert_eq!(selector_text(Some(&s)).as_deref(), Some("!a,b in (x,y),c notin (q),m=1,z"));
        s.match_expressions = vec![requirement("z", "Like", &[])].into();
        assert_eq!(selector_text(Some(&s)), None);
        assert_eq!(selector_text(None).as_deref(), Some(""));
    }
}
