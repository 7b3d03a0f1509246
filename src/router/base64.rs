//! Base64 (RFC 4648, section 4), in both directions.
//! Promises: what was encoded is decoded to the same bytes; anything else is refused.
//! Knows nothing of what the bytes mean.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes as text, with padding.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let byte = |index| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (index, shift) in [18_u32, 12, 6, 0].into_iter().enumerate() {
            let letter = usize::try_from(bits >> shift & 0x3f).ok();
            let letter = letter.and_then(|letter| ALPHABET.get(letter)).copied();
            let padded = index > chunk.len();
            text.push(if padded { '=' } else { char::from(letter.unwrap_or(b'=')) });
        }
    }
    text
}

/// The bytes of a text, with or without padding; `None` if it is not Base64.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=');
    if text.len().saturating_sub(letters.len()) > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(letters.len().div_ceil(4).saturating_mul(3));
    let (mut bits, mut count) = (0_u32, 0_u32);
    for letter in letters.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count = count.saturating_add(6);
        if count >= 8 {
            count = count.saturating_sub(8);
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    // A lone letter holds no byte, and left-over bits would be another spelling of the same bytes.
    (count < 6 && bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decoded, encoded};

    #[test]
    fn the_vectors_of_rfc_4648_hold_in_both_directions() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encoded(plain.as_bytes()), text);
            assert_eq!(decoded(text).unwrap(), plain.as_bytes());
            assert_eq!(decoded(text.trim_end_matches('=')).unwrap(), plain.as_bytes());
        }
        assert_eq!(encoded(&[0xfb, 0xff, 0xfe]), "+//+");
        assert_eq!(decoded("+//+").unwrap(), [0xfb, 0xff, 0xfe]);
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for text in ["Z", "Zg=g", "Zh==", "Zg===", "Z g=", "Zg\n", "-_-_", "Zm9vY"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
