//! What is known of quantity, as tables.

use super::{Format, Quantity};

#[track_caller]
fn prints(text: &str, expected: &str) {
    let quantity = Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(quantity.to_string(), expected, "{text}");
    let again = Quantity::parse(expected).unwrap_or_else(|error| panic!("{expected}: {error}"));
    assert_eq!(again.to_string(), expected, "{expected} is not stable");
}

#[track_caller]
fn refuses(text: &str, expected: &str) {
    assert_eq!(
        Quantity::parse(text).map(|q| q.to_string()).map_err(|e| e.to_string()),
        Err(expected.to_owned()),
        "{text}"
    );
}

#[track_caller]
fn is(text: &str, value: i64, milli: i64) {
    let quantity = Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!((quantity.value(), quantity.milli_value()), (value, milli), "{text}");
}

#[track_caller]
fn has_format(text: &str, format: Format) {
    assert_eq!(Quantity::parse(text).map(|q| q.format()), Ok(format), "{text}");
}

/// `"1Gi + 1 = 1073741825"`: the left side is worked out, the right one is its text.
#[track_caller]
fn works_out(line: &str) {
    let (sum, expected) = line.split_once(" = ").expect("a line has a result");
    let words: Vec<&str> = sum.split(' ').collect();
    let mut left = Quantity::parse(words[0]).expect("the left operand parses");
    let right = Quantity::parse(words[2]).expect("the right operand parses");
    match words[1] {
        "+" => left.add(&right),
        "-" => left.sub(&right),
        "*" => left.mul(right.value()),
        other => panic!("{other} is no operator"),
    }
    assert_eq!(left.to_string(), expected, "{line}");
}

#[track_caller]
fn is_in_order(texts: &[&str]) {
    let all: Vec<Quantity> = texts.iter().map(|text| Quantity::parse(text).expect("it parses")).collect();
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate() {
            assert_eq!(a.cmp(b), i.cmp(&j), "{} and {}", texts[i], texts[j]);
        }
    }
}

#[track_caller]
fn are_equal(a: &str, b: &str) {
    assert_eq!(Quantity::parse(a), Quantity::parse(b));
}

#[test]
fn canonical_text_is_upstreams() {
    prints("1000m", "1");
    prints("0.5Gi", "512Mi");
    prints("0.1", "100m");
    prints("1.5", "1500m");
    prints("1.5Gi", "1536Mi");
    prints("1024Ki", "1Mi");
    prints("2000Ki", "2000Ki");
    prints("0.1m", "100u");
    prints("1000k", "1M");
    prints("1000.000k", "1M");
    prints("100", "100");
    prints("5000", "5k");
    prints("1e3", "1e3");
    prints("1e1000", "10e999");
    prints("0.5e-1", "50e-3");
    prints("1.0", "1");
    prints("1.0G", "1G");
    prints(".001", "1m");
    prints("-1.5", "-1500m");
    prints("-0.1Ki", "-102400m");
    prints("0.05Gi", "53687091200m");
    prints("12E", "12E");
    prints("4Pi", "4Pi");
    prints("2.5P", "2500T");
}

#[test]
fn zero_is_written_without_a_suffix() {
    for text in ["0", "0m", "0Ki", "00", "-0", "0.000", ".", "-", "k", "-.", "e5"] {
        prints(text, "0");
    }
}

#[test]
fn a_spelling_that_upstream_takes_for_canonical_is_kept() {
    for text in ["+5", "1.500", "1E3", "007", "1.Ki", "1.", "1.G", "05Ki", "1.234", "-5"] {
        prints(text, text);
    }
    works_out("+5 + 1 = 6");
    works_out("1E3 + 0 = 1e3");
}

#[test]
fn a_suffix_beyond_the_table_is_lost_as_upstream_loses_it() {
    prints("1000E", "1");
}

#[test]
fn what_is_too_fine_is_rounded_up_to_a_nano() {
    prints("3.001n", "4n");
    prints("1.1E-9", "2e-9");
    prints("0.0000000001", "1n");
    prints("0.9n", "1n");
    prints("0.00000012345", "124n");
    prints("0.000000000001Ki", "2n");
    prints("-0.0000000001", "-1n");
    prints("1e-2147483648", "1e-9");
}

#[test]
fn a_binary_form_is_capped_at_64_bits() {
    prints("9Ei", "9223372036854775807");
    prints("900Ei", "9223372036854775807");
    prints("123456789012345678901Ki", "9223372036854775807");
    prints("99999999999999999999999999999999999999999999Ei", "9223372036854775807");
    prints("7.99999999999999999999999999999999999999999999Ei", "9223372036854775807");
}

#[test]
fn long_numbers_keep_38_digits() {
    prints("12345678901234567890123456789012345678", "12345678901234567890123456789012345678");
    prints("0.12345678901234567890123456789012345678", "123456790n");
}

#[test]
fn what_is_no_quantity_is_refused_in_upstreams_words() {
    let wrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    for text in ["", "abc", "1 Gi", "1.2.3", "1e5k", "1,5", "１", "1Gib", " 1", "1e5-", "1~"] {
        refuses(text, wrong);
    }
    for text in [".e-12", "e-12"] {
        refuses(text, "unable to parse numeric part of quantity");
    }
    for text in ["--1", "1Kiki", "1ee5", "1e", "1Ki5", "1i", "1K", "1mm", "1e99999999999999999999"] {
        refuses(text, "unable to parse quantity's suffix");
    }
}

#[test]
fn values_are_rounded_away_from_zero() {
    is("1", 1, 1000);
    is("1m", 1, 1);
    is("1500m", 2, 1500);
    is("-1500m", -2, -1500);
    is("1u", 1, 1);
    is("1Gi", 1 << 30, 1000 << 30);
    is("0.1Ki", 103, 102_400);
    is("0", 0, 0);
    is("9223372036854775807", i64::MAX, 0);
    is("12E", 0, 0);
    is("1e1000", 0, 0);
}

#[test]
fn the_suffix_decides_the_format() {
    has_format("1", Format::DecimalSI);
    has_format("0", Format::DecimalSI);
    has_format("0Ki", Format::BinarySI);
    has_format("1Ki", Format::BinarySI);
    has_format("1E", Format::DecimalSI);
    has_format("1E0", Format::DecimalExponent);
    has_format("0.0001Ki", Format::DecimalSI);
}

#[test]
fn sums_keep_the_first_format_unless_it_is_zero() {
    works_out("100m + 0 = 100m");
    works_out("0 + 1Gi = 1Gi");
    works_out("0 - 1Gi = -1Gi");
    works_out("1Gi + 1 = 1073741825");
    works_out("1Gi - 1Gi = 0");
    works_out("1Gi + 1G = 2073741824");
    works_out("512Mi + 512Mi = 1Gi");
    works_out("1G + 1Ki = 1000001024");
    works_out("1 + 1m = 1001m");
    works_out("9223372036854775807 + 1 = 9223372036854775808");
    works_out("1e1000 + 1n = 10000000000000000000000000000000000010e963");
    works_out("1Ki - 1 = 1023");
    works_out("1Ki + 500m = 1024500m");
    works_out("9223372036854775807 * 4 = 36893488147419103228");
    works_out("200m * 5 = 1");
    works_out("10e999 * 9223372036854775807 = 92233720368547758070e999");
}

#[test]
fn order_is_by_value() {
    is_in_order(&[
        "-1e1000", "-5", "-1m", "0", "1n", "50m", "100m", "1", "1Ki", "100Gi", "10000T", "9Ei", "10E", "1e1000",
    ]);
    are_equal("1000m", "1");
    are_equal("+1", "1");
    are_equal("1Ki", "1024");
    are_equal("0Ki", "0");
    are_equal("1e20", "100E");
}

#[test]
fn rounding_up_says_whether_it_was_exact() {
    let mut quantity = Quantity::parse("1500m").expect("it parses");
    assert!(quantity.round_up(-3));
    assert!(!quantity.round_up(0));
    assert_eq!(quantity.to_string(), "2");
}

#[test]
fn constructors_print_as_upstreams() {
    assert_eq!(Quantity::from_milli(1500).to_string(), "1500m");
    assert_eq!(Quantity::from_milli(2000).to_string(), "2");
    assert_eq!(Quantity::from_value(1 << 31, Format::BinarySI).to_string(), "2Gi");
    assert_eq!(Quantity::from_value(1023, Format::BinarySI).to_string(), "1023");
    assert_eq!(Quantity::from_value(i64::MIN, Format::DecimalSI).to_string(), "-9223372036854775808");
    assert_eq!(Quantity::default().to_string(), "0");
    assert_eq!(Quantity::parse("1500m").map(|q| q.to_f64()), Ok(1.5));
    assert_eq!(Quantity::parse("1500m").map(|q| q.as_i64()), Ok(None));
    assert_eq!(Quantity::parse("15e1").map(|q| q.as_i64()), Ok(Some(150)));
    assert_eq!(std::mem::size_of::<Quantity>(), 16);
}
