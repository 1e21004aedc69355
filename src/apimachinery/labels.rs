//! Label selectors: what they say, whom they select, and how they are written.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/labels/selector.go, pkg/apis/meta/v1/helpers.go
//! (LabelSelectorAsSelector, FormatLabelSelector)
//! Differs: nothing known.

use super::Str;
use super::field_error::{BadValue, ErrorList, Path};
use super::names::{is_qualified_name, is_valid_label_value};
use crate::apimachinery::Arrange;
use std::fmt;
use std::rc::Rc;

mod parse;

/// How a requirement relates its key to its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    In,
    NotIn,
    Equals,
    DoubleEquals,
    NotEquals,
    GreaterThan,
    LessThan,
    Exists,
    DoesNotExist,
}

impl Operator {
    /// The operator of a `matchExpressions` entry.
    pub fn of_label_selector(text: &str) -> Option<Operator> {
        match text {
            "In" => Some(Operator::In),
            "NotIn" => Some(Operator::NotIn),
            "Exists" => Some(Operator::Exists),
            "DoesNotExist" => Some(Operator::DoesNotExist),
            _ => None,
        }
    }

    /// The operator of a node selector term, which can also compare.
    pub fn of_node_selector(text: &str) -> Option<Operator> {
        match text {
            "Gt" => Some(Operator::GreaterThan),
            "Lt" => Some(Operator::LessThan),
            _ => Operator::of_label_selector(text),
        }
    }
}

/// One condition on one label.
#[derive(Clone, PartialEq, Debug)]
pub struct Requirement {
    key: Str,
    operator: Operator,
    values: Rc<[Str]>,
}

/// All conditions must hold; a clone is a pointer copy.
#[derive(Clone, PartialEq, Debug)]
pub struct Selector(Option<Rc<[Requirement]>>);

impl Requirement {
    /// Errors: upstream's sentence, all complaints in one.
    pub fn new(key: impl Into<Str>, operator: Operator, values: Vec<Str>) -> Result<Requirement, String> {
        let key = key.into();
        let mut errs = ErrorList::default();
        check_key(Path::new("key"), &key, &mut errs);
        let path = Path::new("values");
        let list = || {
            // Upstream shows a Go slice here, which is nil when there is nothing in it.
            let texts: Vec<String> = values.iter().map(Str::to_string).collect();
            if texts.is_empty() { BadValue::raw("null") } else { BadValue::json(&texts.into()) }
        };
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                errs.invalid(path, list(), "for 'in', 'notin' operators, values set can't be empty");
            }
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals if values.len() != 1 => {
                errs.invalid(path, list(), "exact-match compatibility requires one single value");
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                errs.invalid(path, list(), "values set must be empty for exists and does not exist");
            }
            Operator::GreaterThan | Operator::LessThan => {
                if values.len() != 1 {
                    errs.invalid(path, list(), "for 'Gt', 'Lt' operators, exactly one value is required");
                }
                for (i, value) in values.iter().enumerate() {
                    if integer(value).is_none() {
                        errs.invalid(path.index(i), value, "for 'Gt', 'Lt' operators, the value must be an integer");
                    }
                }
            }
            _ => {}
        }
        for (i, value) in values.iter().enumerate() {
            let errors = is_valid_label_value(value);
            if !errors.is_empty() {
                errs.invalid(path.index(i).key(&key), value, errors.join("; "));
            }
        }
        if errs.is_empty() { Ok(Requirement { key, operator, values: values.into() }) } else { Err(errs.aggregate()) }
    }

    pub fn key(&self) -> &Str {
        &self.key
    }

    pub fn operator(&self) -> Operator {
        self.operator
    }

    pub fn values(&self) -> &[Str] {
        &self.values
    }

    /// Whether it holds where the key's label has this value.
    pub fn matches(&self, value: Option<&str>) -> bool {
        let is_one_of = |value: &str| self.values.iter().any(|v| v == value);
        match (self.operator, value) {
            (Operator::Exists, value) => value.is_some(),
            (Operator::DoesNotExist, value) => value.is_none(),
            (Operator::NotIn | Operator::NotEquals, value) => !value.is_some_and(is_one_of),
            (_, None) => false,
            (Operator::In | Operator::Equals | Operator::DoubleEquals, Some(value)) => is_one_of(value),
            (operator, Some(value)) => match (integer(value), self.values.first().and_then(|v| integer(v))) {
                (Some(value), Some(bound)) if operator == Operator::GreaterThan => value > bound,
                (Some(value), Some(bound)) => value < bound,
                _ => false,
            },
        }
    }
}

impl Selector {
    /// Selects whatever there is.
    pub fn everything() -> Selector {
        Selector(Some(Rc::new([])))
    }

    /// Selects nothing at all, as a selector that is not given does.
    pub fn nothing() -> Selector {
        Selector(None)
    }

    /// kubectl's way of writing: `a=b,c!=d,e in (f,g),!h`.
    ///
    /// Errors: upstream's sentence.
    pub fn parse(text: &str) -> Result<Selector, String> {
        parse::requirements(text).map(Selector::new)
    }

    pub fn new(mut requirements: Vec<Requirement>) -> Selector {
        requirements.arrange_by(|a, b| a.key.cmp(&b.key));
        Selector(Some(requirements.into()))
    }

    /// All of these labels, as a Service selects; they are not checked.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = (&'a Str, &'a Str)>) -> Selector {
        let requirement = |(key, value): (&Str, &Str)| Requirement {
            key: key.clone(),
            operator: Operator::Equals,
            values: Rc::new([value.clone()]),
        };
        Selector::new(labels.into_iter().map(requirement).collect())
    }

    /// `matchLabels` and `matchExpressions` (key, operator, values) of a selector that is given.
    ///
    /// Errors: upstream's sentence.
    pub fn from_parts<'a, 'b>(
        labels: impl IntoIterator<Item = (&'a Str, &'a Str)>,
        expressions: impl IntoIterator<Item = (&'b Str, &'b str, &'b [Str])>,
    ) -> Result<Selector, String> {
        let mut requirements = Vec::new();
        for (key, value) in labels {
            requirements.push(Requirement::new(key, Operator::Equals, vec![value.clone()])?);
        }
        for (key, operator, values) in expressions {
            let operator = Operator::of_label_selector(operator).ok_or_else(|| {
                format!("{} is not a valid label selector operator", super::field_error::go_quote(operator))
            })?;
            requirements.push(Requirement::new(key, operator, values.to_vec())?);
        }
        Ok(Selector::new(requirements))
    }

    /// With further conditions; nothing stays nothing.
    pub fn and(&self, more: impl IntoIterator<Item = Requirement>) -> Selector {
        match &self.0 {
            None => Selector(None),
            Some(own) => Selector::new(own.iter().cloned().chain(more).collect()),
        }
    }

    pub fn matches<'a>(&self, get: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.as_ref().is_some_and(|all| all.iter().all(|requirement| requirement.matches(get(&requirement.key))))
    }

    /// Whether it restricts nothing.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_some_and(|all| all.is_empty())
    }

    pub fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    pub fn requirements(&self) -> &[Requirement] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The one value that it asks this label to have.
    pub fn exact_match(&self, label: &str) -> Option<&Str> {
        let requirement = self.requirements().iter().find(|requirement| requirement.key == *label)?;
        match (requirement.operator, &*requirement.values) {
            (Operator::Equals | Operator::DoubleEquals | Operator::In, [value]) => Some(value),
            _ => None,
        }
    }

    /// As tables show it.
    pub fn text_or_none(&self) -> String {
        match self.to_string() {
            text if text.is_empty() => "<none>".to_owned(),
            text => text,
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        let sign = match self.operator {
            Operator::Exists => return write!(f, "{key}"),
            Operator::DoesNotExist => return write!(f, "!{key}"),
            Operator::Equals => "=",
            Operator::DoubleEquals => "==",
            Operator::NotEquals => "!=",
            Operator::GreaterThan => ">",
            Operator::LessThan => "<",
            Operator::In => " in ",
            Operator::NotIn => " notin ",
        };
        let mut values: Vec<&str> = self.values.iter().map(Str::as_str).collect();
        values.arrange();
        let values = values.join(",");
        match self.operator {
            Operator::In | Operator::NotIn => write!(f, "{key}{sign}({values})"),
            _ => write!(f, "{key}{sign}{values}"),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.requirements().iter().enumerate() {
            write!(f, "{}{requirement}", if i == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

fn check_key(path: Path, key: &str, errs: &mut ErrorList) {
    let errors = is_qualified_name(key);
    if !errors.is_empty() {
        errs.invalid(path, key, errors.join("; "));
    }
}

fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests;
