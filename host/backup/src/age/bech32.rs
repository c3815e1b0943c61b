//! Bech32 (BIP 173) of 32 bytes, without its limit of 90 characters: how age writes keys.

const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM_LETTERS: usize = 6;

/// 32 bytes behind a prefix.
pub(super) fn encode(prefix: &str, bytes: &[u8; 32]) -> String {
    let mut fives = Vec::with_capacity(52 + CHECKSUM_LETTERS);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            fives.push(low_five(held >> bits));
        }
    }
    fives.push(low_five(held << (5 - bits)));
    let sum = polymod(prefix, &[&fives[..], &[0; CHECKSUM_LETTERS]].concat()) ^ 1;
    fives.extend((0..CHECKSUM_LETTERS).map(|at| low_five(sum >> (5 * (CHECKSUM_LETTERS - 1 - at)))));
    let letters = fives.iter().filter_map(|five| LETTERS.get(usize::from(*five)));
    format!("{prefix}1{}", letters.map(|letter| char::from(*letter)).collect::<String>())
}

/// The 32 bytes behind this prefix; none when anything is not right, mixed case included.
pub(super) fn decode(prefix: &str, text: &str) -> Option<[u8; 32]> {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return None;
    }
    let letters = lower.strip_prefix(prefix)?.strip_prefix('1')?;
    let fives: Vec<u8> = letters
        .bytes()
        .map(|letter| LETTERS.iter().position(|known| *known == letter).and_then(|at| u8::try_from(at).ok()))
        .collect::<Option<_>>()?;
    let data = fives.get(..fives.len().checked_sub(CHECKSUM_LETTERS)?)?;
    if polymod(prefix, &fives) != 1 {
        return None;
    }
    let mut out = Vec::with_capacity(32);
    let (mut held, mut bits) = (0_u32, 0);
    for five in data {
        held = held << 5 | u32::from(*five);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 255).unwrap_or_default());
        }
    }
    // The padding is short and zero: a key has one text only.
    if bits >= 5 || held & ((1 << bits) - 1) != 0 {
        return None;
    }
    out.try_into().ok()
}

/// The five lowest bits.
fn low_five(bits: u32) -> u8 {
    u8::try_from(bits & 31).unwrap_or_default()
}

fn polymod(prefix: &str, fives: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let high = prefix.bytes().map(|byte| byte >> 5);
    let low = prefix.bytes().map(|byte| byte & 31);
    let mut sum = 1_u32;
    for value in high.chain([0]).chain(low).chain(fives.iter().copied()) {
        let top = sum >> 25;
        sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if top >> bit & 1 == 1 {
                sum ^= generator;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_comes_back_and_one_changed_letter_is_refused(bytes: [u8; 32], at in 0_usize..62, by in 1_u8..32) {
            let text = encode("age", &bytes);
            prop_assert_eq!(text.len(), 62);
            prop_assert_eq!(decode("age", &text), Some(bytes));
            prop_assert_eq!(decode("age", &text.to_ascii_uppercase()), Some(bytes));
            prop_assert_eq!(decode("other", &text), None);
            let mut changed = text.into_bytes();
            if let Some(letter) = changed.get_mut(at).filter(|_| at > 3)
                && let Some(place) = LETTERS.iter().position(|known| known == letter)
            {
                *letter = *LETTERS.get(place ^ usize::from(by)).unwrap_or(letter);
                prop_assert_eq!(decode("age", &String::from_utf8_lossy(&changed)), None);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = decode("age", &text);
            let _ = decode("age", &format!("age1{text}"));
        }
    }
}
