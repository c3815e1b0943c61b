//! HMAC-SHA256 (RFC 2104) and HKDF-SHA256 with one block of output (RFC 5869), which is all that age needs.

use sha2::{Digest as _, Sha256};

const BLOCK_BYTES: usize = 64;

/// HMAC-SHA256 over parts put one behind the other.
pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; BLOCK_BYTES];
    let hashed: [u8; 32];
    let key = if key.len() > BLOCK_BYTES {
        hashed = Sha256::digest(key).into();
        &hashed[..]
    } else {
        key
    };
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut inner = Sha256::new_with_prefix(block.map(|byte| byte ^ 0x36));
    for part in parts {
        inner.update(part);
    }
    let mut outer = Sha256::new_with_prefix(block.map(|byte| byte ^ 0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

/// HKDF-SHA256, 32 bytes.
pub(super) fn hkdf(secret: &[u8], salt: &[u8], info: &str) -> [u8; 32] {
    let extracted = hmac(salt, &[secret]);
    hmac(&extracted, &[info.as_bytes(), &[1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::hex;

    #[test]
    fn hmac_gives_the_vectors_of_rfc_4231() {
        let short = hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac(&[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn hkdf_gives_the_first_block_of_rfc_5869() {
        // Test case 3: no salt, no info.
        let block = hkdf(&[0x0b; 22], b"", "");
        assert_eq!(hex(&block), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    }
}
