//! What a model's labels mean for its output.
//!
//! Labels that are B, M, E and S, or B, I, E and S, in any order, tell where words begin and end.
//! All others are names that are printed as they are.

/// Where in a word a character stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The first of several.
    Begin,
    /// Neither first nor last.
    Middle,
    /// The last of several.
    End,
    /// The only one.
    Single,
}

impl Role {
    /// Whether a word begins before a character of this role, `previous` standing before it.
    ///
    /// Each of the two suffices, so that any sequence of labels has its words.
    #[must_use]
    pub fn begins(self, previous: Option<Self>) -> bool {
        matches!(self, Self::Begin | Self::Single)
            || matches!(previous, None | Some(Self::End | Self::Single))
    }
}

/// A model's labels, in tag order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    names: Vec<String>,
    roles: Option<Vec<Role>>,
}

impl Labels {
    /// The labels `names`.
    #[must_use]
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        Self {
            roles: roles(&names),
            names,
        }
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Name of `tag`; `?` for none.
    #[must_use]
    pub fn name(&self, tag: u8) -> &str {
        self.names.get(usize::from(tag)).map_or("?", String::as_str)
    }

    /// Names of `tags`, in their order.
    #[must_use]
    pub fn names_of(&self, tags: &[u8]) -> Vec<&str> {
        tags.iter().map(|&tag| self.name(tag)).collect()
    }

    /// Tag called `name`.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<u8> {
        let index = self.names.iter().position(|other| other == name);
        index.and_then(|index| u8::try_from(index).ok())
    }

    /// Whether the labels cut a text into words.
    #[must_use]
    pub fn are_words(&self) -> bool {
        self.roles.is_some()
    }

    /// Role of `tag`, where labels cut a text into words.
    #[must_use]
    pub fn role(&self, tag: u8) -> Option<Role> {
        self.roles.as_ref()?.get(usize::from(tag)).copied()
    }

    /// Tag of characters that have `role`, where labels cut a text into words.
    #[must_use]
    pub fn tag_of(&self, role: Role) -> Option<u8> {
        let index = self
            .roles
            .as_ref()?
            .iter()
            .position(|&other| other == role)?;
        u8::try_from(index).ok()
    }

    /// Tags, as bits, that a character behind a gap may have; all where labels cut no words.
    #[must_use]
    pub fn behind_gap(&self) -> u64 {
        let Some(roles) = &self.roles else {
            return u64::MAX;
        };
        let starts = roles
            .iter()
            .enumerate()
            .filter(|(_, role)| role.begins(Some(Role::Middle)));
        starts.fold(0, |bits, (tag, _)| bits | 1 << tag)
    }
}

fn roles(names: &[String]) -> Option<Vec<Role>> {
    let role = |name: &String| match name.as_str() {
        "B" => Some(Role::Begin),
        "M" | "I" => Some(Role::Middle),
        "E" => Some(Role::End),
        "S" => Some(Role::Single),
        _ => None,
    };
    let roles: Vec<Role> = names.iter().map(role).collect::<Option<_>>()?;
    let has = |role| roles.contains(&role);
    let all = [Role::Begin, Role::Middle, Role::End, Role::Single];
    (roles.len() == 4 && all.into_iter().all(has)).then_some(roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_labels_in_any_order_cut_words() {
        let labels = Labels::new(["S", "E", "M", "B"]);
        assert!(labels.are_words());
        assert_eq!(labels.behind_gap(), 0b1001);
        assert_eq!(
            (labels.role(1), labels.tag("M")),
            (Some(Role::End), Some(2))
        );
        assert!(Labels::new(["B", "I", "E", "S"]).are_words());
        for other in [
            &["B", "I", "O"][..],
            &["B", "M", "M", "S"],
            &["B-PER", "O"],
            &[],
        ] {
            let labels = Labels::new(other.iter().copied());
            assert!(!labels.are_words() && labels.behind_gap() == u64::MAX);
        }
    }

    #[test]
    fn words_begin_where_either_side_says_so() {
        use Role::*;
        assert!(Middle.begins(None) && Middle.begins(Some(End)) && Single.begins(Some(Middle)));
        assert!(!Middle.begins(Some(Begin)) && !End.begins(Some(Middle)));
    }
}
