//! A member's picture before it is kept: it must be a JPEG or a PNG by what is in it, and what a camera hides in it
//! (where it was taken, when, by which device) is left out.
//!
//! Nothing is decoded: pixels are the browser's business, which gets them with a fixed type and `nosniff`. Only the
//! frames of the formats are walked (ITU-T T.81 B.1; PNG, ISO/IEC 15948, 5) and copied but for what is personal. Of a
//! photograph's Exif its orientation alone is kept, or portraits lie on their side. If this is wrong, a picture tells
//! where somebody lives.

/// Largest picture in bytes.
pub(crate) const PICTURE_BYTES_MAX: usize = 8 << 20;

/// What a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Jpeg,
    Png,
}

impl Kind {
    /// As `hamlet:host/profiles.picture-kind` names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
        }
    }

    /// For `Content-Type`, from the label.
    pub fn media_type(label: &str) -> Option<&'static str> {
        match label {
            "jpeg" => Some("image/jpeg"),
            "png" => Some("image/png"),
            _ => None,
        }
    }
}

/// The picture without what is personal; none: it is none that we take.
pub(crate) fn cleaned(bytes: &[u8]) -> Option<(Kind, Vec<u8>)> {
    if bytes.len() > PICTURE_BYTES_MAX {
        return None;
    }
    if bytes.starts_with(PNG) {
        return png(bytes).map(|bytes| (Kind::Png, bytes));
    }
    jpeg(bytes).map(|bytes| (Kind::Jpeg, bytes))
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Chunks that draw the picture. Texts, times and Exif are not among them.
const PNG_CHUNKS: [&[u8; 4]; 9] =
    [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"];

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = PNG.to_vec();
    let mut at = PNG.len();
    loop {
        let length = u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
        let kind: [u8; 4] = *bytes.get(at + 4..)?.first_chunk()?;
        // Length, kind, data, checksum.
        let end = at.checked_add(12)?.checked_add(usize::try_from(length).ok()?)?;
        let chunk = bytes.get(at..end)?;
        if at == PNG.len() && &kind != b"IHDR" {
            return None;
        }
        if PNG_CHUNKS.contains(&&kind) {
            out.extend_from_slice(chunk);
        }
        if &kind == b"IEND" {
            // What stands behind the end is no part of the picture.
            return Some(out);
        }
        at = end;
    }
}

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
const COM: u8 = 0xfe;

fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.starts_with(&[0xff, SOI]) {
        return None;
    }
    let mut out = vec![0xff, SOI];
    let mut at = 2;
    let (mut oriented, mut drawn) = (false, false);
    loop {
        let &[0xff, marker] = bytes.get(at..)?.first_chunk()? else { return None };
        if marker == 0xff {
            // A fill byte before a marker.
            at += 1;
            continue;
        }
        if marker == EOI {
            // An end before any scan: there is no picture. Behind the end there may be a second one, with a place in it.
            out.extend_from_slice(&[0xff, EOI]);
            return drawn.then_some(out);
        }
        let length = usize::from(u16::from_be_bytes(*bytes.get(at + 2..)?.first_chunk()?));
        if length < 2 {
            return None;
        }
        let end = at + 2 + length;
        let segment = bytes.get(at..end)?;
        let personal = (APP0..=APP15).contains(&marker) && marker != APP0 && marker != APP14;
        if marker == APP1
            && !oriented
            && !drawn
            && let Some(turn) = segment.get(4..).and_then(orientation)
        {
            out.extend_from_slice(&exif(turn));
            oriented = true;
        }
        if !personal && marker != COM {
            out.extend_from_slice(segment);
        }
        at = end;
        if marker == SOS {
            drawn = true;
            let scan = bytes.get(at..)?;
            let scan = scan.get(..scan_length(scan)?)?;
            out.extend_from_slice(scan);
            at += scan.len();
        }
    }
}

/// How many bytes the drawing of a scan takes: up to the next marker that is no restart (T.81 B.1.1.2, B.1.1.5). None: it
/// has no end. Cost: in proportion to them.
fn scan_length(bytes: &[u8]) -> Option<usize> {
    let ends = |two: &[u8]| matches!(two, [0xff, marker] if !matches!(marker, 0 | 0xd0..=0xd7 | 0xff));
    bytes.windows(2).position(ends)
}

/// How a photograph is turned (Exif, tag 0x0112 of the first directory), 2 to 8; none: as it lies, or nothing is said.
fn orientation(app1: &[u8]) -> Option<u8> {
    let tiff = app1.strip_prefix(b"Exif\0\0")?;
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let u16_at = |at: usize| -> Option<u16> {
        let two = *tiff.get(at..)?.first_chunk()?;
        Some(if big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    };
    let four = *tiff.get(4..)?.first_chunk()?;
    let directory =
        usize::try_from(if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }).ok()?;
    let entries = u16_at(directory)?;
    (0..usize::from(entries.min(100))).find_map(|entry| {
        let at = directory.checked_add(2)?.checked_add(entry * 12)?;
        let turn = (u16_at(at)? == 0x0112).then(|| u16_at(at + 8)).flatten()?;
        u8::try_from(turn).ok().filter(|turn| (2..=8).contains(turn))
    })
}

/// An Exif segment that says how the picture is turned, and nothing else.
fn exif(turn: u8) -> [u8; 36] {
    let mut segment =
        *b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x00\0\0\0\0\0\0";
    segment[29] = turn;
    segment
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker][..], &length, body].concat()
    }

    /// A photograph as a telephone makes it: turned, with a place in it.
    fn photograph() -> Vec<u8> {
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
        exif.extend_from_slice(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0");
        exif.extend_from_slice(b"\x25\x88\x04\0\x01\0\0\0\x26\0\0\0GPS 52.5200 N");
        [
            vec![0xff, SOI],
            segment(APP0, b"JFIF\0"),
            segment(APP1, &exif),
            segment(0xed, b"Photoshop 3.0 by Ana"),
            segment(COM, b"taken at home"),
            segment(0xdb, &[1; 65]),
            segment(SOS, &[1, 1, 0, 0, 63, 0]),
            vec![7, 0xff, 0x00, 9, 0xff, 0xd0],
            segment(APP1, b"between two scans"),
            segment(SOS, &[1, 2, 0, 0, 63, 0]),
            vec![8, 0xff, EOI],
            // A second picture, as cameras append one, with its own place.
            vec![0xff, SOI],
            segment(APP1, &exif),
            vec![0xff, EOI],
            b"a trailer".to_vec(),
        ]
        .concat()
    }

    fn chunk(kind: &[u8], body: &[u8]) -> Vec<u8> {
        [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], kind, body, &[0; 4]].concat()
    }

    fn drawing() -> Vec<u8> {
        let chunks = [
            chunk(b"IHDR", &[1; 13]),
            chunk(b"tEXt", b"Author\0Ana"),
            chunk(b"IDAT", &[9; 20]),
            chunk(b"IEND", b""),
        ];
        [PNG, &chunks.concat(), b"behind the end"].concat()
    }

    fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
        bytes.windows(wanted.len()).any(|window| window == wanted)
    }

    #[test]
    fn a_photograph_keeps_how_it_is_turned_and_loses_where_and_by_whom_it_was_taken() {
        let (kind, clean) = cleaned(&photograph()).unwrap();
        assert_eq!(kind, Kind::Jpeg);
        for personal in [&b"GPS"[..], b"Photoshop", b"taken at home", b"between two scans", b"a trailer"] {
            assert!(!holds(&clean, personal), "{personal:?}");
        }
        assert!(
            holds(&clean, b"JFIF")
                && holds(&clean, &[7, 0xff, 0x00, 9, 0xff])
                && clean.ends_with(&[8, 0xff, EOI])
        );
        let at = clean.windows(4).position(|four| four == b"Exif").unwrap();
        assert_eq!(orientation(&clean[at..]), Some(6));
        assert_eq!(cleaned(&clean), Some((Kind::Jpeg, clean.clone())), "cleaning again changes nothing");
    }

    #[test]
    fn a_drawing_loses_its_texts_and_what_stands_behind_its_end() {
        let (kind, clean) = cleaned(&drawing()).unwrap();
        assert_eq!(kind, Kind::Png);
        assert!(!holds(&clean, b"Ana") && !holds(&clean, b"behind") && holds(&clean, &[9; 20]));
        assert_eq!(cleaned(&clean), Some((Kind::Png, clean.clone())));
    }

    #[test]
    fn what_is_no_picture_is_refused_whatever_it_is_called() {
        let script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        for bad in [&b""[..], b"GIF89a", script, b"<html>", &[0xff, SOI], &[0xff, SOI, 0xff, EOI], PNG] {
            assert_eq!(cleaned(bad), None, "{bad:?}");
        }
        let mut large = drawing();
        large.resize(PICTURE_BYTES_MAX + 1, 0);
        assert_eq!(cleaned(&large), None);
        for picture in [photograph(), drawing()] {
            // One that is cut short is none, unless it is only what stood behind its end.
            let whole = cleaned(&picture);
            for length in 0..picture.len() {
                let cut = cleaned(&picture[..length]);
                assert!(cut.is_none() || cut == whole, "{length} bytes");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_cleaned_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = cleaned(&bytes);
            let _ = cleaned(&[&[0xff, SOI][..], &bytes].concat());
            let _ = cleaned(&[PNG, &bytes].concat());
        }

        #[test]
        fn a_changed_picture_is_cleaned_to_one_that_stays_as_it_is_or_is_refused(at in 0_usize..250, byte in any::<u8>()) {
            for mut picture in [photograph(), drawing()] {
                if let Some(place) = picture.get_mut(at) {
                    *place = byte;
                }
                if let Some((kind, clean)) = cleaned(&picture) {
                    prop_assert!(clean.len() <= picture.len() + 36);
                    prop_assert_eq!(cleaned(&clean), Some((kind, clean.clone())));
                }
            }
        }
    }
}
