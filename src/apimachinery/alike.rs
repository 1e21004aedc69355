//! Whether two changes of values of one type touch the same fields, so that what is known of one holds for the other.
//!
//! Upstream: none
//! Differs: memory and time only: where the answer is yes, `compare` says the same of both.

use super::compare::{PLAIN, step_of};
use super::field_set::Step;
use super::node::{Fields, Items, Ref, Shape, key_field, same};
use super::schema::{FieldSchema, Topology, Type};

/// What was and what is; either may be absent.
pub type Change<'a> = (Option<Ref<'a>>, Option<Ref<'a>>);

/// The same items in both.
#[derive(Default, Debug)]
pub struct Names {
    met: Vec<(Step, Step)>,
    /// Some were passed by.
    passed: bool,
}

impl Names {
    /// Whether each of the two means one item and no other in its change.
    fn meet(&mut self, a: Step, b: Step) -> bool {
        match self.met.iter().find(|(x, y)| *x == a || *y == b) {
            Some((x, y)) => *x == a && *y == b,
            None => {
                self.met.push((a, b));
                true
            }
        }
    }

    /// Those that differ; None where they may not be all.
    pub fn differing(mut self) -> Option<Vec<(Step, Step)>> {
        self.met.retain(|(a, b)| a != b);
        (self.met.is_empty() || !self.passed).then_some(self.met)
    }
}

/// Whether the items of a list are named by what is theirs alone.
fn is_personal(field: &FieldSchema) -> bool {
    field.topology == Topology::Set || (field.topology == Topology::Map && field.keys == ["ip"])
}

/// Lists of more items that are not shared are not looked through.
const MAX_ITEMS: usize = 64;

fn at_one_place(a: Option<Ref<'_>>, b: Option<Ref<'_>>) -> bool {
    let address = |v: Option<Ref<'_>>| v.map(|v| std::ptr::from_ref(v).cast::<()>());
    address(a) == address(b)
}

fn inner(v: Option<Ref<'_>>) -> Option<Ref<'_>> {
    v.and_then(|v| v.shape().inner())
}

fn fields(v: Option<Ref<'_>>) -> Option<&dyn Fields> {
    v.and_then(|v| v.shape().fields())
}

fn items(v: Option<Ref<'_>>) -> Option<&dyn Items> {
    v.and_then(|v| v.shape().items())
}

/// Both sides are there and differ.
fn differ((old, new): Change<'_>) -> bool {
    old.zip(new).is_some_and(|(a, b)| !same(a, b))
}

/// Whether the two changes differ in the same owned fields. A yes is certain, a no is not.
/// `names` gets what items that bear a name of their own, such as an address, are called in each of the two.
pub fn alike(a: Change<'_>, b: Change<'_>, field: &FieldSchema, names: &mut Names) -> bool {
    if a.0.is_some() != b.0.is_some() || a.1.is_some() != b.1.is_some() {
        return false;
    }
    if at_one_place(a.0, b.0) && at_one_place(a.1, b.1) {
        names.passed |= !at_one_place(b.0, b.1);
        return true;
    }
    let Some(shape) = b.1.or(b.0).map(|v| v.shape()) else { return true };
    let atomic = field.topology == Topology::Atomic;
    match shape {
        Shape::Leaf(_) => differ(a) == differ(b),
        Shape::Shared(..) => match (is_shared(a), is_shared(b)) {
            (true, true) => true,
            (true, false) => !differ(b),
            (false, true) => !differ(a),
            (false, false) => alike((inner(a.0), inner(a.1)), (inner(b.0), inner(b.1)), field, names),
        },
        Shape::Option(_) => alike((inner(a.0), inner(a.1)), (inner(b.0), inner(b.1)), field, names),
        Shape::Struct(s) if atomic || s.schema().atomic => differ(a) == differ(b),
        Shape::Struct(_) => alike_fields((fields(a.0), fields(a.1)), (fields(b.0), fields(b.1)), names),
        Shape::Tree(_) if atomic => differ(a) == differ(b),
        // Trees are rare; only equal ones are alike.
        Shape::Tree(_) => {
            let equal = |x: Option<Ref<'_>>, y: Option<Ref<'_>>| x.zip(y).is_none_or(|(x, y)| same(x, y));
            equal(a.0, b.0) && equal(a.1, b.1)
        }
        Shape::List(_) if !matches!(field.topology, Topology::Map | Topology::Set) => differ(a) == differ(b),
        Shape::Map(_) if atomic => differ(a) == differ(b),
        Shape::List(_) | Shape::Map(_) => match (is_shared(a), is_shared(b)) {
            (true, true) => true,
            (true, false) => !differ(b),
            (false, true) => !differ(a),
            (false, false) => alike_items((items(a.0), items(a.1)), (items(b.0), items(b.1)), field, names),
        },
    }
}

/// Both sides of the change are one value, so nothing differs.
fn is_shared((old, new): Change<'_>) -> bool {
    match (old.map(|v| v.shape()), new.map(|v| v.shape())) {
        (Some(Shape::Shared(a, _)), Some(Shape::Shared(b, _))) => a == b,
        (Some(Shape::List(a) | Shape::Map(a)), Some(Shape::List(b) | Shape::Map(b))) => {
            a.address() == b.address() && a.len() == b.len()
        }
        _ => false,
    }
}

type Structs<'a> = (Option<&'a dyn Fields>, Option<&'a dyn Fields>);

fn alike_fields(a: Structs<'_>, b: Structs<'_>, names: &mut Names) -> bool {
    let Some(some) = b.1.or(b.0) else { return true };
    let address = |s: Option<&dyn Fields>| s.map(|s| std::ptr::from_ref(s).cast::<()>());
    let one_past = address(a.0) == address(b.0);
    some.schema().fields.iter().enumerate().all(|(i, field)| {
        let written = |v: &Ref<'_>| field.always || !v.is_zero();
        let (x, y) = (a.1.map(|s| s.at(i)).filter(written), b.1.map(|s| s.at(i)).filter(written));
        if x.is_some() != y.is_some() {
            return false;
        }
        let before = b.0.map(|s| s.at(i)).filter(written);
        let past = if one_past { before } else { a.0.map(|s| s.at(i)).filter(written) };
        if !field.always && is_scalar(field.ty) {
            // What is written has a value then, so that there is nothing to look into.
            return past.is_some() == before.is_some() && differ((past, x)) == differ((before, y));
        }
        (before.is_none() && past.is_none() && y.is_none()) || alike((past, x), (before, y), field, names)
    })
}

fn is_scalar(ty: Type) -> bool {
    !matches!(ty, Type::Opaque(_) | Type::List(_) | Type::Map(_) | Type::Struct(_))
}

type Lists<'a> = (Option<&'a dyn Items>, Option<&'a dyn Items>);

/// Whether two items bear one name.
fn same_name(a: &dyn Items, i: usize, b: &dyn Items, j: usize, field: &FieldSchema) -> bool {
    match (a.key(i), b.key(j)) {
        (Some(a), Some(b)) => a == b,
        _ if field.topology == Topology::Map => {
            field.keys.iter().all(|name| key_field(a.item(i), name) == key_field(b.item(j), name))
        }
        _ => a.item(i).scalar() == b.item(j).scalar(),
    }
}

/// The items have the same names at the same places, and each fared alike.
fn alike_items(a: Lists<'_>, b: Lists<'_>, field: &FieldSchema, names: &mut Names) -> bool {
    let personal = b.1.or(b.0).is_some_and(|l| l.len() == 0 || l.key(0).is_none()) && is_personal(field);
    let mut named_alike = |x: Option<&dyn Items>, y: Option<&dyn Items>| {
        x.zip(y).is_none_or(|(x, y)| {
            let mut same = |i| match personal {
                true => names.meet(step_of(x.item(i), field), step_of(y.item(i), field)),
                false => same_name(x, i, y, i, field),
            };
            x.len() == y.len() && x.len() <= MAX_ITEMS && (0..x.len()).all(&mut same)
        })
    };
    if !named_alike(a.0, b.0) || !named_alike(a.1, b.1) {
        return false;
    }
    let len = |l: Option<&dyn Items>| l.map_or(0, Items::len);
    let (was, is) = (len(b.0), len(b.1));
    let unique = |l: &dyn Items| (1..l.len()).all(|i| (0..i).all(|j| !same_name(l, i, l, j, field)));
    if was > 0 && is > 0 && ![a.0, a.1, b.0, b.1].into_iter().flatten().all(unique) {
        // Which of several items of one name is compared with which depends on more than names.
        return false;
    }
    let find = |among: Option<&dyn Items>, of: &dyn Items, i: usize| {
        among.and_then(|l| (0..l.len()).find(|j| same_name(l, *j, of, i, field)))
    };
    let each = (0..is).all(|i| {
        let (Some(x), Some(y)) = (a.1, b.1) else { return false };
        let before = find(b.0, y, i);
        let (p, q) = (a.0.zip(before).map(|(l, j)| l.item(j)), b.0.zip(before).map(|(l, j)| l.item(j)));
        alike((p, Some(x.item(i))), (q, Some(y.item(i))), &PLAIN, names)
    });
    each && (0..was).all(|i| {
        let (Some(x), Some(y)) = (a.0, b.0) else { return false };
        find(b.1, y, i).is_some() || alike((Some(x.item(i)), None), (Some(y.item(i)), None), &PLAIN, names)
    })
}
