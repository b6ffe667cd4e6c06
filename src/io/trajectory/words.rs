//! Numbers of binary files, one after the other.

/// Reads numbers of one byte order; past the end there are none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    bytes: &'a [u8],
    is_big: bool,
}

impl<'a> Words<'a> {
    pub(super) fn new(bytes: &'a [u8], is_big: bool) -> Self {
        Self { bytes, is_big }
    }

    /// The next `N` bytes, the most significant first.
    fn next<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (word, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        let mut word = *word;
        if !self.is_big {
            word.reverse();
        }
        Some(word)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.next().map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.next().map(i64::from_be_bytes)
    }

    pub(super) fn f32(&mut self) -> Option<f32> {
        self.next().map(f32::from_be_bytes)
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        self.next().map(f64::from_be_bytes)
    }

    /// A number of 4 or 8 bytes.
    pub(super) fn real(&mut self, is_double: bool) -> Option<f64> {
        if is_double { self.f64() } else { self.f32().map(f64::from) }
    }

    /// `count` bytes as they are.
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }
}
