//! Every sentence of the page, once in each language, and how names are put into it.

pub mod en;
pub mod keys;
pub mod ko;
pub mod particles;

pub use keys::Text;
pub use particles::particle;

/// A language of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lang {
    En,
    Ko,
}

impl Lang {
    /// As `lang` attributes and addresses spell it.
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ko => "ko",
        }
    }

    /// The language of a tag such as `ko-KR`, if we speak it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag.split('-').next()? {
            "en" => Some(Lang::En),
            "ko" => Some(Lang::Ko),
            _ => None,
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Lang::En => Lang::Ko,
            Lang::Ko => Lang::En,
        }
    }

    /// Its table.
    pub fn text(self) -> &'static Text {
        match self {
            Lang::En => &en::TEXT,
            Lang::Ko => &ko::TEXT,
        }
    }
}

/// A piece of a filled sentence: names are set apart, so that they can be shown as such.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    Plain(String),
    Name(String),
}

/// Puts values into a sentence: `{pod}` is the value, `{pod:이/가}` the value and the particle that fits it.
/// Who acts, `{actor}`, is told in the sentence's own type: set apart is what it acts on.
pub fn pieces(sentence: &str, values: &[(&str, &str)]) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        let (key, pair) = place.split_once(':').unwrap_or((place, ""));
        let value = values.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| *value);
        if key == "actor" {
            plain.push_str(value);
        } else {
            if !plain.is_empty() {
                found.push(Piece::Plain(std::mem::take(&mut plain)));
            }
            found.push(Piece::Name(value.to_owned()));
        }
        plain.push_str(particle(value, pair));
        rest = after;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        found.push(Piece::Plain(plain));
    }
    found
}

/// The same as one text.
pub fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    pieces(sentence, values)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) | Piece::Name(text) => text,
        })
        .collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn places(sentence: &str) -> Vec<String> {
        let mut found: Vec<String> = sentence
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .map(|place| place.split(':').next().unwrap_or_default().to_owned())
            .collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn both_languages_put_the_same_values_into_every_sentence() {
        for ((key, english), (_, korean)) in en::TEXT.all().into_iter().zip(ko::TEXT.all()) {
            assert_eq!(places(english), places(korean), "{key}");
            assert!(!english.is_empty() && !korean.is_empty(), "{key}");
        }
    }

    #[test]
    fn every_place_for_a_particle_names_a_pair_that_is_known() {
        for (key, korean) in ko::TEXT.all() {
            for place in korean.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                if let Some((_, pair)) = place.split_once(':') {
                    assert_ne!(particle("가", pair), pair, "{key}: {pair}");
                }
            }
        }
    }

    #[test]
    fn values_are_put_in_with_their_particles() {
        let sentence = "{actor:이/가} {pod:을/를} 만들었다.";
        assert_eq!(fill(sentence, &[("actor", "kubelet"), ("pod", "web-2")]), "kubelet이 web-2를 만들었다.");
    }
}
