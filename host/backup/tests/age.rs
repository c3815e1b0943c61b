//! The age format: what the crate `age` wrote opens here, and nothing that was changed does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::{Read as _, Write as _};

use hamlet_backup::age::{AgeError, Identity, Reader, Recipient, Writer};
use proptest::prelude::*;

fn identity() -> Identity {
    Identity::from_file_text(include_str!("fixtures/key.txt")).unwrap()
}

fn encrypt(plain: &[u8], recipients: &[Recipient], piece: usize) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), recipients).unwrap();
    plain.chunks(piece.max(1)).for_each(|piece| writer.write_all(piece).unwrap());
    writer.finish().unwrap()
}

fn decrypt(file: &[u8], identity: &Identity) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut reader = Reader::new(file, identity).map_err(|error| error.to_string())?;
    reader.read_to_end(&mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

/// What the fixtures hold: so many bytes, counted up.
fn counted(length: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(length).collect()
}

#[test]
fn a_file_that_the_crate_age_wrote_opens() {
    let files: [(&[u8], usize); 3] = [
        (include_bytes!("fixtures/empty.age"), 0),
        (include_bytes!("fixtures/small.age"), 1_000),
        (include_bytes!("fixtures/chunk.age"), 65_536),
    ];
    for (file, length) in files {
        assert_eq!(decrypt(file, &identity()).unwrap(), counted(length), "{length}");
    }
    assert_eq!(identity().recipient().to_string(), include_str!("fixtures/recipient.txt").trim());
}

#[test]
fn every_recipient_opens_and_nobody_else() {
    let (one, two, other) =
        (Identity::generate().unwrap(), Identity::generate().unwrap(), Identity::generate().unwrap());
    let file = encrypt(b"the books", &[one.recipient(), two.recipient()], 4);
    assert_eq!(decrypt(&file, &one).unwrap(), b"the books");
    assert_eq!(decrypt(&file, &two).unwrap(), b"the books");
    assert!(matches!(Reader::new(&file[..], &other).map(drop), Err(AgeError::OtherKey)));
    assert!(matches!(Writer::new(Vec::new(), &[]).map(drop), Err(AgeError::NoRecipients)));
    assert!(!file.windows(9).any(|window| window == b"the books"));
    let text = one.reveal();
    assert_eq!(text.parse::<Identity>().unwrap().recipient(), one.recipient());
    assert!(!format!("{one:?}").contains("SECRET"));
}

#[test]
fn a_cut_or_changed_file_never_reads_as_whole() {
    let plain = counted(140_000);
    let whole = encrypt(&plain, &[identity().recipient()], 10_000);
    let body = whole.len() - (140_000 + 3 * 16);
    for length in [0, 10, body - 1, body, body + 65_552, body + 2 * 65_552, whole.len() - 1] {
        assert!(decrypt(&whole[..length], &identity()).is_err(), "cut at {length}");
    }
    // Without its last chunk, or with one twice, or with more behind.
    assert!(decrypt(&[&whole[..], b"x"].concat(), &identity()).is_err());
    let doubled = [&whole[..body + 65_552], &whole[body..]].concat();
    assert!(decrypt(&doubled, &identity()).is_err());
    for at in (0..body).step_by(7).chain([body, body + 65_551, body + 65_552, whole.len() - 1]) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert_ne!(decrypt(&changed, &identity()).ok(), Some(plain.clone()), "byte {at}");
    }
    let mut reader = Reader::new(&whole[..whole.len() - 1], &identity()).unwrap();
    let mut out = vec![0; 200_000];
    let mut failures = 0;
    for _ in 0..200 {
        match reader.read(&mut out) {
            Ok(0) => panic!("an end, after a cut"),
            Ok(_) => {}
            Err(_) => failures += 1,
        }
    }
    assert!(failures > 100, "who reads on meets the error again");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_encrypted_is_decrypted(
        length in prop_oneof![0_usize..300, 65_530_usize..65_545, 131_060_usize..131_080],
        piece in 1_usize..100_000,
    ) {
        let plain = counted(length);
        let file = encrypt(&plain, &[identity().recipient()], piece);
        prop_assert_eq!(decrypt(&file, &identity()).unwrap(), plain);
    }

    #[test]
    fn any_bytes_are_refused_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..300) {
        let _ = decrypt(&bytes, &identity());
        let mut file = encrypt(b"x", &[identity().recipient()], 1);
        let end = (at + bytes.len()).min(file.len());
        if at < end {
            file[at..end].copy_from_slice(&bytes[..end - at]);
        }
        let _ = decrypt(&file, &identity());
    }

    #[test]
    fn any_text_is_a_recipient_or_refused(text: String) {
        let _ = text.parse::<Recipient>();
        let _ = text.parse::<Identity>();
        let _ = Identity::from_file_text(&text);
    }
}
