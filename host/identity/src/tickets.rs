//! What a person has begun and not finished: kept in memory for ten minutes under 128 random bits that her browser
//! holds, and taken once. A restart forgets it, and she begins again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long it is kept.
const KEPT: Duration = Duration::from_mins(10);
/// Most at once; the oldest goes for a new one.
const MAX: usize = 4_096;

/// Things begun, by ticket.
#[derive(Debug)]
pub(crate) struct Tickets<T>(Mutex<HashMap<String, (Instant, T)>>);

impl<T> Default for Tickets<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T: Clone> Tickets<T> {
    /// Keeps something; its ticket.
    pub fn put(&self, thing: T) -> Result<String, getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let ticket = format!("{:032x}", u128::from_be_bytes(random));
        let now = Instant::now();
        let mut kept = self.0.lock();
        if kept.len() >= MAX {
            kept.retain(|_, (since, _)| now.duration_since(*since) < KEPT);
        }
        if kept.len() >= MAX {
            let oldest = kept.iter().min_by_key(|(_, (since, _))| *since).map(|(ticket, _)| ticket.clone());
            oldest.and_then(|oldest| kept.remove(&oldest));
        }
        kept.insert(ticket.clone(), (now, thing));
        Ok(ticket)
    }

    /// What the ticket is for; it stays good.
    pub fn look(&self, ticket: &str) -> Option<T> {
        let kept = self.0.lock();
        let (since, thing) = kept.get(ticket)?;
        (since.elapsed() < KEPT).then(|| thing.clone())
    }

    /// What the ticket is for; it is used up.
    pub fn take(&self, ticket: &str) -> Option<T> {
        let (since, thing) = self.0.lock().remove(ticket)?;
        (since.elapsed() < KEPT).then_some(thing)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_ticket_is_taken_once_and_the_oldest_goes_when_there_are_too_many() {
        let tickets = Tickets::default();
        let first = tickets.put(0).unwrap();
        assert_eq!(
            (tickets.look(&first), tickets.take(&first), tickets.take(&first)),
            (Some(0), Some(0), None)
        );
        let oldest = tickets.put(1).unwrap();
        let rest: Vec<_> = (2..=MAX).map(|number| tickets.put(number).unwrap()).collect();
        let newest = tickets.put(MAX + 1).unwrap();
        assert_eq!(tickets.look(&oldest), None);
        assert_eq!(tickets.look(rest.last().unwrap()), Some(MAX));
        assert_eq!(tickets.look(&newest), Some(MAX + 1));
    }
}
