//! A command line taken apart: words, flags, and what stands after `--`.
//!
//! Upstream: github.com/spf13/pflag; each command's flags
//! Differs: one list of flags serves every command.

use super::failure::Failure;

/// Flags that take a value.
const VALUED: &[&str] = &[
    "namespace",
    "filename",
    "selector",
    "patch",
    "output",
    "type",
    "subresource",
    "replicas",
    "current-replicas",
    "grace-period",
    "to-revision",
    "image",
    "from-literal",
    "port",
    "field-manager",
    "dry-run",
    "cascade",
    "validate",
    "wait",
    "labels",
    "env",
    "restart",
    "field-selector",
    "timeout",
    "pod-selector",
];
/// Flags that stand alone.
const PLAIN: &[&str] = &[
    "all",
    "all-namespaces",
    "recursive",
    "overwrite",
    "force",
    "now",
    "ignore-not-found",
    "server-side",
    "force-conflicts",
    "show-labels",
    "save-config",
    "command",
    "no-headers",
    "ignore-daemonsets",
    "delete-emptydir-data",
];
const SHORT: &[(char, &str)] = &[
    ('n', "namespace"),
    ('f', "filename"),
    ('l', "selector"),
    ('p', "patch"),
    ('o', "output"),
    ('A', "all-namespaces"),
    ('R', "recursive"),
];

/// Words as bash would split them: quotes and backslashes, nothing else.
pub fn words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('"'), '\\') if matches!(chars.peek(), Some('"' | '\\' | '$')) => {
                word.get_or_insert_default().extend(chars.next());
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, c) if c.is_whitespace() => out.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    out
}

#[derive(Clone, Default, Debug)]
pub(super) struct Args {
    pub words: Vec<String>,
    flags: Vec<(String, String)>,
    /// What stands after `--`.
    pub rest: Vec<String>,
}

impl Args {
    pub fn parse(words: &[String]) -> Result<Args, Failure> {
        let mut args = Args::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                args.rest = words.by_ref().cloned().collect();
                break;
            }
            let (name, value, shown) = if let Some(long) = word.strip_prefix("--") {
                match long.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned()), format!("--{name}")),
                    None => (long.to_owned(), None, word.clone()),
                }
            } else if let Some(short) = word.strip_prefix('-').filter(|s| !s.is_empty()) {
                let first = short.chars().next().unwrap_or_default();
                let Some((_, name)) = SHORT.iter().find(|(c, _)| *c == first) else {
                    return Err(args.unknown(&format!("unknown shorthand flag: '{first}' in -{short}")));
                };
                let rest = short[first.len_utf8()..].trim_start_matches('=');
                let value = (!rest.is_empty()).then(|| rest.to_owned());
                ((*name).to_owned(), value, format!("'{first}' in -{first}"))
            } else {
                args.words.push(word.clone());
                continue;
            };
            let value = if VALUED.contains(&name.as_str()) {
                match value.or_else(|| default_of(&name)) {
                    Some(value) => value,
                    None => match words.next() {
                        Some(value) => value.clone(),
                        None => return Err(args.unknown(&format!("flag needs an argument: {shown}"))),
                    },
                }
            } else if PLAIN.contains(&name.as_str()) {
                value.unwrap_or_else(|| "true".to_owned())
            } else {
                return Err(args.unknown(&format!("unknown flag: --{name}")));
            };
            args.flags.push((name, value));
        }
        Ok(args)
    }

    fn unknown(&self, why: &str) -> Failure {
        let command = self.words.first().map(|c| format!(" {c}")).unwrap_or_default();
        Failure::own(format!("{why}\nSee 'kubectl{command} --help' for usage."))
    }

    /// The last value of a flag.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All its values, those between commas apart.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.flags.iter().filter(|(n, _)| n == name).flat_map(|(_, v)| v.split(',')).collect()
    }

    /// All its values, commas and all.
    pub fn each(&self, name: &str) -> impl Iterator<Item = &str> {
        self.flags.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A flag that is a whole number.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.flag(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            self.unknown(&format!(
                "invalid argument \"{text}\" for \"--{name}\" flag: strconv.ParseInt: parsing \"{text}\": invalid syntax"
            ))
        })
    }

    pub fn is(&self, name: &str) -> bool {
        self.flag(name) == Some("true")
    }

    pub fn namespace(&self) -> &str {
        match self.flag("namespace") {
            None | Some("") => "default",
            Some(ns) => ns,
        }
    }

    pub fn is_dry_run(&self) -> bool {
        self.flag("dry-run") == Some("server")
    }

    /// ` (server dry run)` where it is one.
    pub fn suffix(&self) -> &'static str {
        if self.is_dry_run() { " (server dry run)" } else { "" }
    }
}

/// Flags that may stand without the value that they take.
fn default_of(name: &str) -> Option<String> {
    match name {
        "dry-run" => Some("unchanged".to_owned()),
        "wait" => Some("true".to_owned()),
        "validate" => Some("strict".to_owned()),
        "cascade" => Some("background".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Args, words};

    #[test]
    fn words_are_split_as_bash_does() {
        let cases: [(&str, &[&str]); 6] = [
            ("get pods  -o wide", &["get", "pods", "-o", "wide"]),
            (r#"patch -p '{"a": "b"}'"#, &["patch", "-p", r#"{"a": "b"}"#]),
            (r#"a "b \" c" d"#, &["a", "b \" c", "d"]),
            ("a=''", &["a="]),
            ("''", &[""]),
            (r"a\ b", &["a b"]),
        ];
        for (line, want) in cases {
            assert_eq!(words(line), want, "{line}");
        }
    }

    #[track_caller]
    fn flags(line: &str) -> Result<Args, String> {
        Args::parse(&words(line)).map_err(|e| e.text())
    }

    #[test]
    fn flags_stand_anywhere_and_take_their_values_in_every_spelling() {
        for line in
            ["get pods -n a", "get -na pods", "get --namespace a pods", "-n=a get pods", "get pods --namespace=a"]
        {
            let args = flags(line).expect(line);
            assert_eq!((args.words.as_slice(), args.namespace()), (words("get pods").as_slice(), "a"), "{line}");
        }
        let args = flags("run x --image=a -- sh -c").expect("flags");
        assert_eq!(args.rest, ["sh", "-c"]);
        assert_eq!(args.all("image"), ["a"]);
    }

    #[test]
    fn a_flag_that_nobody_knows_is_named() {
        assert_eq!(
            flags("get --nothing").unwrap_err(),
            "error: unknown flag: --nothing\nSee 'kubectl get --help' for usage.\n"
        );
        let needs = "error: flag needs an argument: 'f' in -f\nSee 'kubectl apply --help' for usage.\n";
        assert_eq!(flags("apply -f").unwrap_err(), needs);
    }
}
