//! Files: a tree of what differs from the image, volumes mounted into it, and path names resolved across both.
//!
//! Differs: no owners, no modes, no hard links; a file is text or bytes as a whole.

use crate::api::core::VolumeMount;
use crate::apimachinery::codec::Bytes;
use crate::apimachinery::{Arrange, Str};
use crate::sim::OrdMap;

#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    Dir,
    File(Bytes),
    Link(Str),
    /// Was in the image and has been removed.
    Gone,
}

/// Why a call failed, with the words of libc.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errno {
    NotFound,
    IsDir,
    NotDir,
    Exists,
    NotEmpty,
    ReadOnly,
    TooLarge,
}

impl Errno {
    pub fn text(self) -> &'static str {
        match self {
            Errno::NotFound => "No such file or directory",
            Errno::IsDir => "Is a directory",
            Errno::NotDir => "Not a directory",
            Errno::Exists => "File exists",
            Errno::NotEmpty => "Directory not empty",
            Errno::ReadOnly => "Read-only file system",
            Errno::TooLarge => "No space left on device",
        }
    }
}

/// By absolute, normalized path. A clone is a pointer copy.
#[derive(Clone, Default, Debug)]
pub struct Tree(OrdMap<Str, Entry>);

impl Tree {
    pub fn put(&mut self, path: impl Into<Str>, data: Bytes) {
        self.0.insert(path.into(), Entry::File(data));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.0.get(path)
    }

    fn has_below(&self, path: &str) -> bool {
        self.below(path).any(|(_, e)| *e != Entry::Gone)
    }

    fn below<'a>(&'a self, path: &str) -> impl Iterator<Item = (&'a Str, &'a Entry)> {
        let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let from = Str::from(&prefix);
        self.0.range_from(&from).take_while(move |(k, _)| k.starts_with(&prefix))
    }
}

#[derive(Clone, Default, Debug)]
pub struct Volume {
    pub tree: Tree,
    pub read_only: bool,
}

/// The volumes of a pod, by name; its containers share them. There are few, so a list is smaller than a map.
#[derive(Clone, Default, Debug)]
pub struct Volumes(Vec<(Str, Volume)>);

impl Volumes {
    pub fn new() -> Volumes {
        Volumes::default()
    }

    pub fn get(&self, name: &str) -> Option<&Volume> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Makes an empty one where there is none.
    pub fn entry(&mut self, name: &Str) -> &mut Volume {
        let at = match self.0.iter().position(|(n, _)| n == name) {
            Some(at) => at,
            None => {
                self.0.reserve_exact(1);
                self.0.push((name.clone(), Volume::default()));
                self.0.len() - 1
            }
        };
        &mut self.0[at].1
    }

    pub fn insert(&mut self, name: &Str, volume: Volume) {
        *self.entry(name) = volume;
    }
}

/// One container's view of all files it can reach.
pub struct Files<'a> {
    pub root: &'a mut Tree,
    /// The files of the image.
    pub image: &'static [(&'static str, &'static str)],
    pub volumes: &'a mut Volumes,
    pub mounts: &'a [VolumeMount],
    pub read_only: bool,
}

/// Directories that every image has.
const DIRS: &[&str] = &[
    "/",
    "/bin",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/tmp",
    "/mnt",
    "/srv",
    "/var/cache",
];
const FILE_MAX: usize = 4 << 20;

enum At {
    Root(Str),
    Volume(Str, Str),
}

/// `path` against `cwd`, without `.`, `..` and doubled slashes.
pub fn absolute(cwd: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{cwd}/{path}") };
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            p => parts.push(p),
        }
    }
    format!("/{}", parts.join("/"))
}

fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}

impl Files<'_> {
    fn at(&self, path: &str) -> (At, bool) {
        let mount = self
            .mounts
            .iter()
            .filter(|m| {
                let at = m.mount_path.trim_end_matches('/');
                path == at || path.strip_prefix(at).is_some_and(|rest| rest.starts_with('/'))
            })
            .max_by_key(|m| m.mount_path.trim_end_matches('/').len());
        let Some(m) = mount else { return (At::Root(Str::from(path)), self.read_only) };
        let inner = &path[m.mount_path.trim_end_matches('/').len()..];
        let inner = absolute("/", &format!("{}{}", m.sub_path, inner));
        let read_only = m.read_only || self.volumes.get(&m.name).is_some_and(|v| v.read_only);
        (At::Volume(m.name.clone(), Str::from(inner)), read_only)
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        match self.at(path).0 {
            At::Root(p) => match self.root.get(&p) {
                Some(Entry::Gone) => None,
                Some(e) => Some(e.clone()),
                None => {
                    let file = self.image.iter().find(|(name, _)| *name == &*p);
                    if let Some((_, text)) = file {
                        return Some(Entry::File(Bytes::from(*text)));
                    }
                    let is_dir = DIRS.contains(&&*p)
                        || self.root.has_below(&p)
                        || self.image.iter().any(|(f, _)| f.strip_prefix(&*p).is_some_and(|r| r.starts_with('/')))
                        || self.mounts.iter().any(|m| m.mount_path.starts_with(&format!("{p}/")));
                    is_dir.then_some(Entry::Dir)
                }
            },
            At::Volume(name, p) => {
                let tree = &self.volumes.get(&name)?.tree;
                match tree.get(&p) {
                    Some(Entry::Gone) => None,
                    Some(e) => Some(e.clone()),
                    None => (p == "/" || tree.has_below(&p)).then_some(Entry::Dir),
                }
            }
        }
    }

    fn put(&mut self, path: &str, entry: Entry) -> Result<(), Errno> {
        match self.at(path) {
            (_, true) => Err(Errno::ReadOnly),
            (At::Root(p), _) => {
                self.root.0.insert(p, entry);
                Ok(())
            }
            (At::Volume(name, p), _) => {
                self.volumes.entry(&name).tree.0.insert(p, entry);
                Ok(())
            }
        }
    }

    pub fn exists(&self, path: &str) -> bool {
        path == "/dev/null" || self.entry(path).is_some()
    }

    pub fn is_dir(&self, path: &str) -> bool {
        self.entry(path) == Some(Entry::Dir)
    }

    pub fn is_file(&self, path: &str) -> bool {
        matches!(self.entry(path), Some(Entry::File(_)))
    }

    pub fn read(&self, path: &str) -> Result<Bytes, Errno> {
        match self.entry(path) {
            Some(Entry::File(data)) => Ok(data),
            Some(Entry::Link(to)) => self.read(&absolute(parent(path), &to)),
            Some(Entry::Dir) => Err(Errno::IsDir),
            _ if path == "/dev/null" => Ok(Bytes::default()),
            _ => Err(Errno::NotFound),
        }
    }

    pub fn text(&self, path: &str) -> Result<String, Errno> {
        self.read(path).map(|b| b.to_text())
    }

    /// Makes the file or, with `append`, adds to it.
    pub fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), Errno> {
        if path == "/dev/null" {
            return Ok(());
        }
        let old = match self.entry(path) {
            Some(Entry::Dir) => return Err(Errno::IsDir),
            Some(Entry::Link(to)) => return self.write(&absolute(parent(path), &to), text, append),
            Some(Entry::File(data)) if append => Some(data),
            None if !self.is_dir(parent(path)) => return Err(Errno::NotFound),
            _ => None,
        };
        let mut data = old.map(|b| b.as_slice().to_vec()).unwrap_or_default();
        data.extend_from_slice(text.as_bytes());
        if data.len() > FILE_MAX {
            return Err(Errno::TooLarge);
        }
        self.put(path, Entry::File(Bytes::from(data)))
    }

    pub fn mkdir(&mut self, path: &str, parents: bool) -> Result<(), Errno> {
        match self.entry(path) {
            Some(Entry::Dir) if parents => Ok(()),
            Some(_) => Err(Errno::Exists),
            None if !self.is_dir(parent(path)) => {
                if !parents {
                    return Err(Errno::NotFound);
                }
                self.mkdir(parent(path), true)?;
                self.put(path, Entry::Dir)
            }
            None => self.put(path, Entry::Dir),
        }
    }

    pub fn link(&mut self, path: &str, to: &str) -> Result<(), Errno> {
        if self.exists(path) {
            return Err(Errno::Exists);
        }
        self.put(path, Entry::Link(Str::from(to)))
    }

    /// The names in a directory, in order.
    pub fn list(&self, path: &str) -> Result<Vec<String>, Errno> {
        match self.entry(path) {
            None => return Err(Errno::NotFound),
            Some(Entry::Dir) => {}
            Some(_) => return Err(Errno::NotDir),
        }
        let mut names: Vec<String> = Vec::new();
        let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let mut all: Vec<String> = Vec::new();
        match self.at(path).0 {
            At::Root(p) => {
                all.extend(self.root.below(&p).filter(|(_, e)| **e != Entry::Gone).map(|(k, _)| k.to_string()));
                let kept = self.image.iter().filter(|(f, _)| self.root.get(f) != Some(&Entry::Gone));
                all.extend(kept.map(|(f, _)| (*f).to_owned()));
                all.extend(DIRS.iter().map(|d| (*d).to_owned()));
            }
            At::Volume(name, p) => {
                if let Some(v) = self.volumes.get(&name) {
                    let below = v.tree.below(&p).filter(|(_, e)| **e != Entry::Gone);
                    let skip = if p == "/" { 1 } else { p.len() + 1 };
                    all.extend(below.map(|(k, _)| format!("{prefix}{}", &k[skip..])));
                }
            }
        }
        all.extend(self.mounts.iter().map(|m| m.mount_path.to_string()));
        for file in all {
            let Some(rest) = file.strip_prefix(&prefix) else { continue };
            let name = rest.split('/').next().unwrap_or_default();
            if !name.is_empty() {
                names.push(name.to_owned());
            }
        }
        names.arrange();
        names.dedup();
        Ok(names)
    }

    pub fn remove(&mut self, path: &str, recursive: bool) -> Result<(), Errno> {
        match self.entry(path) {
            None => return Err(Errno::NotFound),
            Some(Entry::Dir) => {
                let names = self.list(path)?;
                if !recursive && !names.is_empty() {
                    return Err(Errno::NotEmpty);
                }
                for name in names {
                    self.remove(&absolute(path, &name), true)?;
                }
            }
            Some(_) => {}
        }
        self.put(path, Entry::Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_shared_and_the_rest_is_not() {
        let mut volumes = Volumes::new();
        volumes.insert(&Str::literal("data"), Volume::default());
        let mounts =
            [VolumeMount { name: Str::literal("data"), mount_path: Str::literal("/data"), ..VolumeMount::default() }];
        let (mut a, mut b) = (Tree::default(), Tree::default());
        let mut files = Files {
            root: &mut a,
            image: &[("/etc/motd", "hi")],
            volumes: &mut volumes,
            mounts: &mounts,
            read_only: false,
        };
        assert_eq!(files.write("/data/x", "1", false), Ok(()));
        assert_eq!(files.write("/data/x", "2", true), Ok(()));
        assert_eq!(files.write("/tmp/y", "3", false), Ok(()));
        assert_eq!(files.write("/no/y", "3", false), Err(Errno::NotFound));
        assert_eq!(files.remove("/etc/motd", false), Ok(()));
        assert_eq!(files.read("/etc/motd"), Err(Errno::NotFound));
        assert_eq!(files.list("/data"), Ok(vec!["x".to_owned()]));
        let files = Files { root: &mut b, image: &[], volumes: &mut volumes, mounts: &mounts, read_only: false };
        assert_eq!(files.text("/data/x").as_deref(), Ok("12"));
        assert!(!files.exists("/tmp/y"));
        assert!(files.is_dir("/data"));
    }

    #[test]
    fn paths_are_made_absolute() {
        for (cwd, path, want) in
            [("/", "a", "/a"), ("/a/b", "../c", "/a/c"), ("/x", "/y//z/.", "/y/z"), ("/", "..", "/")]
        {
            assert_eq!(absolute(cwd, path), want);
        }
    }
}
