//! Unique value names, and where each comes from.

use super::Graph;
use std::collections::BTreeMap;

/// Names in use. A generated name remembers its root, so that it never grows: what is derived
/// from `w.2` is called `w.3`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Names {
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    /// The name that this one is generated from; its own where it is not.
    root: String,
    /// Last number that a name generated from this one has taken.
    last: usize,
}

impl Names {
    /// Marks a name as taken; says whether it was free.
    pub(crate) fn reserve(&mut self, name: &str) -> bool {
        self.insert(name, name)
    }

    fn insert(&mut self, name: &str, root: &str) -> bool {
        if self.entries.contains_key(name) {
            return false;
        }
        let root = root.to_owned();
        let entry = Entry { root, last: 1 };
        self.entries.insert(name.to_owned(), entry);
        true
    }

    /// `base` itself if it is free, else its root with the next free number.
    pub(crate) fn unique(&mut self, base: &str) -> String {
        if self.reserve(base) {
            return base.to_owned();
        }
        let root = self.root(base).to_owned();
        let mut number = self.entries.get(&root).map_or(1, |entry| entry.last);
        let name = loop {
            number += 1;
            let name = format!("{root}.{number}");
            if self.insert(&name, &root) {
                break name;
            }
        };
        if let Some(entry) = self.entries.get_mut(&root) {
            entry.last = number;
        }
        name
    }

    fn root<'a>(&'a self, name: &'a str) -> &'a str {
        self.entries.get(name).map_or(name, |entry| &entry.root)
    }
}

impl Graph {
    /// Gives back the names of values that are gone: a value whose root name is free takes it.
    ///
    /// Later values choose first: of the steps that one ONNX node became, the last is its result.
    pub(crate) fn restore_names(&mut self) {
        let mut names = Names::default();
        let generated = |graph: &Self, index: usize| {
            let name = &graph.values[index].name;
            graph.names.root(name) != name
        };
        for index in 0..self.values.len() {
            if !generated(self, index) {
                names.reserve(&self.values[index].name);
            }
        }
        for index in (0..self.values.len()).rev() {
            if generated(self, index) {
                let root = self.names.root(&self.values[index].name).to_owned();
                self.values[index].name = names.unique(&root);
            }
        }
        self.names = names;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_stay_short() {
        let mut names = Names::default();
        let taken = ["w", "w", "w.2", "w.2", "v.2", "v", "v"].map(|base| names.unique(base));
        assert_eq!(taken, ["w", "w.2", "w.3", "w.4", "v.2", "v", "v.3"]);
    }
}
