//! What becomes of an expanded word: numbers, fields, names of files.
//!
//! Upstream: POSIX.1-2017, Shell Command Language, 2.6.4 to 2.6.6; busybox ash.
//! Differs: nothing known.

use super::*;

impl Vm {
    pub(super) fn arith(&mut self, world: &World) -> Result<i64, String> {
        let text = expand::unquote(&self.pop_word().single());
        if text.trim().is_empty() {
            return Ok(0);
        }
        let mut changes: Vec<(String, i64)> = Vec::new();
        let seconds = world.now.since(world.started).as_secs();
        let vars = self.vars.clone();
        let args = self.args.clone();
        let random = self.special("RANDOM", world).unwrap_or_default();
        let get = |name: &str| match name {
            "SECONDS" => seconds.to_string(),
            "RANDOM" => random.to_string(),
            _ => vars
                .get(name)
                .map(|v| v.value.to_string())
                .or_else(|| name.parse::<usize>().ok().and_then(|n| args.get(n - 1)).map(|v| v.to_string()))
                .unwrap_or_default(),
        };
        let result = expand::arith(&text, &get, &mut |n, v| changes.push((n.to_owned(), v)));
        for (n, v) in changes {
            self.set(&n, Str::from(v.to_string()));
        }
        result
    }

    pub(super) fn field(&mut self, word: Word, world: &mut World) {
        let mut out = Vec::new();
        for field in word.fields() {
            let all = if world.image.userland == Userland::Gnu { expand::braces(&field) } else { vec![field] };
            for f in all {
                if expand::is_pattern(&f) {
                    let found = self.glob(&f, world);
                    if !found.is_empty() {
                        out.extend(found);
                        continue;
                    }
                }
                out.push(Str::from(expand::unquote(&f)));
            }
        }
        if let Some(list) = self.lists.last_mut() {
            list.extend(out);
        }
    }

    /// File names that match, directory by directory.
    pub(super) fn glob(&self, pattern: &str, world: &World) -> Vec<Str> {
        let rooted = pattern.starts_with('/');
        let mut found: Vec<String> = vec![if rooted { "/".to_owned() } else { String::new() }];
        for part in pattern.split('/').filter(|p| !p.is_empty()) {
            let mut next = Vec::new();
            for dir in &found {
                let join = |name: &str| {
                    if dir.is_empty() || dir.ends_with('/') { format!("{dir}{name}") } else { format!("{dir}/{name}") }
                };
                if !expand::is_pattern(part) {
                    let path = join(&expand::unquote(part));
                    if world.files.exists(&absolute(&self.cwd, &path)) {
                        next.push(path);
                    }
                    continue;
                }
                for name in world.files.list(&absolute(&self.cwd, dir)).unwrap_or_default() {
                    if (part.starts_with('.') || !name.starts_with('.')) && expand::matches(part, &name) {
                        next.push(join(&name));
                    }
                }
            }
            found = next;
        }
        found.into_iter().map(Str::from).collect()
    }
}
