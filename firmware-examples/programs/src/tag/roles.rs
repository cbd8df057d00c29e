//! What a model's labels mean: those that are B, M (or I), E and S tell where words begin and end.

use qibu::tag::Tagger;

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
    fn of(label: &str) -> Option<Self> {
        match label {
            "B" => Some(Self::Begin),
            "M" | "I" => Some(Self::Middle),
            "E" => Some(Self::End),
            "S" => Some(Self::Single),
            _ => None,
        }
    }

    /// Whether a word begins before a character of this role, `previous` standing before it.
    pub fn begins(self, previous: Option<Self>) -> bool {
        matches!(self, Self::Begin | Self::Single)
            || matches!(previous, None | Some(Self::End | Self::Single))
    }
}

/// The roles of a model's tags, in order; `None` where they are other names than roles.
pub fn roles(tagger: &Tagger<'_>) -> Option<[Role; 4]> {
    let mut roles = [Role::Begin; 4];
    let mut seen = 0;
    for (role, label) in roles.iter_mut().zip(tagger.labels()) {
        *role = Role::of(label)?;
        seen |= 1 << *role as u32;
    }
    (tagger.tags() == 4 && seen == 0b1111).then_some(roles)
}
