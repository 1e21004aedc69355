//! Placeholder until the real module lands.
use super::Str;
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntOrString {
    Int(i32),
    String(Str),
}
impl Default for IntOrString {
    fn default() -> Self {
        IntOrString::Int(0)
    }
}
