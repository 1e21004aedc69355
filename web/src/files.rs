//! The manifests of this person: several files, one of them in the editor, all of them kept by the browser.

use std::rc::Rc;

use gloo::storage::{LocalStorage, Storage};

/// One file.
#[derive(Clone, PartialEq, Debug)]
pub struct ManifestFile {
    pub name: Rc<str>,
    pub text: Rc<str>,
    /// Its text as it was applied last.
    pub applied: Option<Rc<str>>,
}

/// All of them; there is always one.
#[derive(Clone, PartialEq, Debug)]
pub struct Files {
    pub all: Vec<ManifestFile>,
    pub current: usize,
    /// What was deleted last and from where, until it is put back or forgotten.
    pub deleted: Option<(usize, ManifestFile)>,
}

const KEPT: &str = "kubarium.files";
const KEPT_CURRENT: &str = "kubarium.file";

impl Files {
    /// Those that the browser kept, or this one.
    pub fn load(name: &str, text: &str) -> Self {
        let kept: Vec<(String, String)> = LocalStorage::get(KEPT).unwrap_or_default();
        let mut files = Self::of(name, text);
        if !kept.is_empty() {
            let file =
                |(name, text): (String, String)| ManifestFile { name: name.into(), text: text.into(), applied: None };
            files.all = kept.into_iter().map(file).collect();
            files.current = LocalStorage::get::<usize>(KEPT_CURRENT).unwrap_or(0).min(files.all.len() - 1);
        }
        files
    }

    /// One file.
    pub fn of(name: &str, text: &str) -> Self {
        Self {
            all: vec![ManifestFile { name: name.into(), text: text.into(), applied: None }],
            current: 0,
            deleted: None,
        }
    }

    /// Keeps them. Where the browser keeps nothing they hold until the page is closed. Those that everybody begins with are
    /// not kept: who has changed nothing gets what a later page begins with.
    pub fn keep(&self, first: &Self) {
        if self.texts() == first.texts() {
            LocalStorage::delete(KEPT);
            return LocalStorage::delete(KEPT_CURRENT);
        }
        let texts: Vec<(&str, &str)> = self.all.iter().map(|file| (&*file.name, &*file.text)).collect();
        let _ = LocalStorage::set(KEPT, texts);
        let _ = LocalStorage::set(KEPT_CURRENT, self.current);
    }

    /// The one in the editor.
    pub fn open(&self) -> &ManifestFile {
        &self.all[self.current]
    }

    /// Names and texts, for the engine.
    pub fn texts(&self) -> Vec<(Rc<str>, Rc<str>)> {
        self.all.iter().map(|file| (file.name.clone(), file.text.clone())).collect()
    }

    /// Brings one into the editor.
    pub fn choose(&mut self, at: usize) {
        self.current = at.min(self.all.len() - 1);
    }

    /// Replaces the text of the one in the editor.
    pub fn write(&mut self, text: Rc<str>) {
        self.all[self.current].text = text;
    }

    /// An empty one under a name that is free, after the others.
    pub fn add(&mut self) {
        let name = |n: usize| format!("manifest-{n}.yaml");
        let free = (1..).map(name).find(|name| self.is_free(name)).expect("there are numbers enough");
        self.all.push(ManifestFile { name: free.into(), text: "".into(), applied: None });
        self.current = self.all.len() - 1;
    }

    fn is_free(&self, name: &str) -> bool {
        self.all.iter().all(|file| &*file.name != name)
    }

    /// Gives the one in the editor another name, if it is one and nobody bears it.
    pub fn rename(&mut self, name: &str) {
        let name = name.trim();
        if !name.is_empty() && self.is_free(name) {
            self.all[self.current].name = name.into();
        }
    }

    /// Takes the one in the editor away; the last one is emptied instead.
    pub fn delete(&mut self) {
        let gone = self.all.remove(self.current);
        self.deleted = Some((self.current, gone));
        if self.all.is_empty() {
            self.add();
        }
        self.current = self.current.min(self.all.len() - 1);
    }

    /// Puts back what was deleted last.
    pub fn restore(&mut self) {
        let Some((at, file)) = self.deleted.take() else { return };
        if self.is_free(&file.name) {
            let at = at.min(self.all.len());
            self.all.insert(at, file);
            self.current = at;
        }
    }

    /// What was applied without a refusal holds from now on.
    pub fn note_applied(&mut self, applied: &[(Rc<str>, Rc<str>)], refused: impl Fn(&str) -> bool) {
        for (name, text) in applied.iter().filter(|(name, _)| !refused(name)) {
            if let Some(file) = self.all.iter_mut().find(|file| file.name == *name) {
                file.applied = Some(text.clone());
            }
        }
    }

    /// Nothing is applied any more.
    pub fn forget_applied(&mut self) {
        for file in &mut self.all {
            file.applied = None;
        }
    }
}

/// The document that a line lies in, everything around it blank, so that its lines keep their numbers.
pub fn document_at(text: &str, line: u32) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let at = (line.saturating_sub(1) as usize).min(lines.len() - 1);
    let parts = |line: &&str| line.starts_with("---");
    let from = lines[..=at].iter().rposition(parts).map_or(0, |found| found + 1);
    let to = lines.iter().skip(at + 1).position(parts).map_or(lines.len(), |found| at + 1 + found);
    let kept = |(n, line): (usize, &&str)| if (from..to).contains(&n) { (*line).to_owned() } else { String::new() };
    lines.iter().enumerate().map(kept).collect::<Vec<String>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &Files) -> Vec<&str> {
        files.all.iter().map(|file| &*file.name).collect()
    }

    #[test]
    fn files_are_added_renamed_deleted_and_put_back() {
        let mut files = Files::of("a.yaml", "a");
        files.add();
        files.write("b".into());
        files.rename("a.yaml");
        assert_eq!(names(&files), ["a.yaml", "manifest-1.yaml"], "a name that is taken is not taken again");
        files.rename(" b.yaml ");
        files.choose(0);
        files.delete();
        assert_eq!((names(&files), files.current), (vec!["b.yaml"], 0));
        files.restore();
        assert_eq!((names(&files), files.current), (vec!["a.yaml", "b.yaml"], 0));
        files.delete();
        files.delete();
        assert_eq!((names(&files), &*files.open().text), (vec!["manifest-1.yaml"], ""), "there is always one");
    }

    #[test]
    fn only_what_was_not_refused_counts_as_applied() {
        let mut files = Files::of("a.yaml", "a");
        files.add();
        let texts = files.texts();
        files.note_applied(&texts, |name| name == "a.yaml");
        assert_eq!(files.all.iter().map(|file| file.applied.is_some()).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn the_document_under_the_caret_keeps_its_line_numbers() {
        let text = "a: 1\n---\nb: 2\nc: 3\n---\nd: 4";
        assert_eq!(document_at(text, 1), "a: 1\n\n\n\n\n");
        assert_eq!(document_at(text, 2), "\n\nb: 2\nc: 3\n\n");
        assert_eq!(document_at(text, 4), "\n\nb: 2\nc: 3\n\n");
        assert_eq!(document_at(text, 99), "\n\n\n\n\nd: 4");
    }
}
