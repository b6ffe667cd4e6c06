//! From one thread to another: only the newest matters.

use std::sync::{Condvar, Mutex, MutexGuard};

/// Holds at most one message; a newer one replaces it.
pub struct Mailbox<T> {
    slot: Mutex<Slot<T>>,
    changed: Condvar,
}

struct Slot<T> {
    message: Option<T>,
    closed: bool,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { slot: Mutex::new(Slot { message: None, closed: false }), changed: Condvar::new() }
    }
}

impl<T> Mailbox<T> {
    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Puts a message in the place of any that was not yet taken.
    pub fn put(&self, message: T) {
        self.lock().message = Some(message);
        self.changed.notify_one();
    }

    /// Changes what waits.
    pub fn change(&self, change: impl FnOnce(&mut Option<T>)) {
        change(&mut self.lock().message);
        self.changed.notify_one();
    }

    /// Waits for a message; none when the box is empty and closed.
    pub fn take(&self) -> Option<T> {
        let mut slot = self.lock();
        loop {
            if let Some(message) = slot.message.take() {
                return Some(message);
            }
            if slot.closed {
                return None;
            }
            slot = self.changed.wait(slot).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// Whether a message like this waits, or none will come any more.
    pub fn has_news(&self, is_like: impl FnOnce(&T) -> bool) -> bool {
        let slot = self.lock();
        slot.closed || slot.message.as_ref().is_some_and(is_like)
    }

    /// Lets the other side end.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_message_is_taken_and_closing_ends() {
        let mailbox = Mailbox::default();
        mailbox.put(1);
        mailbox.put(2);
        assert!(mailbox.has_news(|_| true));
        assert_eq!(mailbox.take(), Some(2));
        assert!(!mailbox.has_news(|_| true));
        mailbox.close();
        assert_eq!(mailbox.take(), None);
    }
}
