//! Korean particles after names that are only known at run time.

/// After a consonant, after a vowel, and when one cannot tell.
const PAIRS: &[(&str, &str, &str)] = &[
    ("이", "가", "이(가)"),
    ("을", "를", "을(를)"),
    ("은", "는", "은(는)"),
    ("과", "와", "와(과)"),
    ("으로", "로", "(으)로"),
];

/// How a word ends when it is read aloud in Korean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Vowel,
    Consonant,
    /// ㄹ: a consonant, but `로` follows it as it follows a vowel.
    Rieul,
}

/// The particle of a pair such as `이/가` that fits the word; the pair itself when it is none of ours.
pub fn particle<'a>(word: &str, pair: &'a str) -> &'a str {
    let Some((consonant, vowel, both)) = PAIRS
        .iter()
        .find(|(consonant, vowel, _)| pair == format!("{consonant}/{vowel}") || pair == format!("{vowel}/{consonant}"))
    else {
        return pair;
    };
    match end_of(word) {
        None => both,
        Some(End::Vowel) => vowel,
        Some(End::Rieul) if *vowel == "로" => vowel,
        Some(End::Rieul | End::Consonant) => consonant,
    }
}

fn end_of(word: &str) -> Option<End> {
    // Names of components are read as English words, not letter by letter.
    if ["controller", "scheduler", "server", "proxy", "manager"].iter().any(|name| word.ends_with(name)) {
        return Some(End::Vowel);
    }
    if word.ends_with("kubelet") {
        return Some(End::Consonant);
    }
    let last = word.chars().next_back()?;
    Some(match last {
        '가'..='힣' => match (last as u32 - '가' as u32) % 28 {
            0 => End::Vowel,
            8 => End::Rieul,
            _ => End::Consonant,
        },
        '0' | '3' | '6' => End::Consonant,
        '1' | '7' | '8' => End::Rieul,
        '2' | '4' | '5' | '9' => End::Vowel,
        'l' | 'L' => End::Rieul,
        'm' | 'n' | 'M' | 'N' => End::Consonant,
        'a'..='z' | 'A'..='Z' => End::Vowel,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_names_take_the_particle_that_a_reader_expects() {
        let cases = [
            ("파드", "이/가", "가"),
            ("노드", "을/를", "를"),
            ("서비스", "은/는", "는"),
            ("디플로이먼트", "와/과", "와"),
            ("레플리카셋", "이/가", "이"),
            ("데몬셋", "을/를", "을"),
            ("스테이트풀셋", "은/는", "은"),
            ("크론잡", "와/과", "과"),
            ("컨피그맵", "으로/로", "으로"),
            ("시크릿", "을/를", "을"),
            ("레이블", "으로/로", "로"),
            ("레이블", "이/가", "이"),
            ("볼륨", "으로/로", "으로"),
            ("노드", "으로/로", "로"),
            ("deployment-controller", "이/가", "가"),
            ("replicaset-controller", "은/는", "는"),
            ("kube-scheduler", "이/가", "가"),
            ("scheduler", "을/를", "를"),
            ("API server", "이/가", "가"),
            ("kube-proxy", "와/과", "와"),
            ("controller-manager", "으로/로", "로"),
            ("kubelet", "이/가", "이"),
            ("kubelet", "으로/로", "으로"),
            ("node-0", "이/가", "이"),
            ("node-1", "을/를", "을"),
            ("node-1", "으로/로", "로"),
            ("node-2", "으로/로", "로"),
            ("node-3", "으로/로", "으로"),
            ("node-4", "은/는", "는"),
            ("node-5", "이/가", "가"),
            ("node-6", "이/가", "이"),
            ("node-7", "으로/로", "로"),
            ("node-8", "와/과", "과"),
            ("node-9", "이/가", "가"),
            ("web-x2k9l", "으로/로", "로"),
            ("web-x2k9m", "으로/로", "으로"),
            ("web-x2k9n", "을/를", "을"),
            ("web-x2k9f", "을/를", "를"),
            ("(?)", "을/를", "을(를)"),
            ("…", "으로/로", "(으)로"),
        ];
        assert_eq!(cases.len(), 40);
        for (word, pair, expected) in cases {
            assert_eq!(particle(word, pair), expected, "{word} {pair}");
        }
    }
}
