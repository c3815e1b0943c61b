//! Randomness by the page, so that an id on the hot path costs no system call.
//!
//! Bytes are overwritten once given out. Each thread that runs calls has a pool of its own; pools are never shared,
//! copied or written anywhere.

use std::sync::Arc;

use hamlet_reflect::Id;

use crate::config::Entropy;

const POOL_BYTES: usize = 1_024;

pub(crate) struct RandomPool {
    entropy: Arc<dyn Entropy>,
    bytes: Box<[u8; POOL_BYTES]>,
    used: usize,
}

impl RandomPool {
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, bytes: Box::new([0; POOL_BYTES]), used: POOL_BYTES }
    }

    /// Fills with randomness.
    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        if out.len() > POOL_BYTES / 4 {
            self.entropy.fill(out);
            return;
        }
        if self.used + out.len() > POOL_BYTES {
            self.entropy.fill(self.bytes.as_mut_slice());
            self.used = 0;
        }
        if let Some(source) = self.bytes.get_mut(self.used..self.used + out.len()) {
            out.copy_from_slice(source);
            source.fill(0);
        }
        self.used += out.len();
    }

    /// A UUIDv7 (RFC 9562) of a time in microseconds; the fraction of the millisecond is kept in `rand_a`, so that ids
    /// of one millisecond are nearly in order.
    pub(crate) fn new_id(&mut self, now_micros: u64) -> Id {
        let mut random = [0; 8];
        self.fill(&mut random);
        let millis = u128::from(now_micros / 1_000) & 0xffff_ffff_ffff;
        let fraction = u128::from((now_micros % 1_000) * 4_096 / 1_000);
        let low = u128::from(u64::from_be_bytes(random)) & 0x3fff_ffff_ffff_ffff;
        Id((millis << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SystemEntropy;

    #[test]
    fn new_ids_are_uuids_of_version_7_and_never_the_same() {
        let mut pool = RandomPool::new(Arc::new(SystemEntropy));
        let mut seen = std::collections::HashSet::new();
        for _ in 0..2_000 {
            let id = pool.new_id(1_767_180_600_123_456);
            let uuid = uuid::Uuid::from_u128(id.0);
            assert_eq!(uuid.get_version_num(), 7);
            assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(uuid.get_timestamp().unwrap().to_unix().0, 1_767_180_600);
            assert!(seen.insert(id));
        }
    }
}
