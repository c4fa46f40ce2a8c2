//! The framing of a body in chunks, checked to the letter (RFC 9112, section 7.1).

/// The most bytes that the extensions and trailers of a body may have.
pub(super) const EXTRA: usize = 8192;

/// The most digits that the size of a chunk may have.
const DIGITS: u8 = 16;

/// A body in chunks (RFC 9112, section 7.1), as far as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChunkDecoder {
    pub(super) at: ChunkState,
    /// The size of the chunk, or what is left of it.
    size: u64,
    /// The digits of the size.
    digits: u8,
    /// The number of bytes of extensions and trailers so far.
    extra: usize,
}

impl Default for ChunkDecoder {
    fn default() -> Self {
        ChunkDecoder { at: ChunkState::Size, size: 0, digits: 0, extra: 0 }
    }
}

/// The part of a body in chunks that the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkState {
    Size,
    /// The name of an extension, before and behind its first letter.
    NameStart,
    Name,
    /// Its value: a word, or text in quotes.
    ValueStart,
    Word,
    Quoted,
    Escaped,
    Closed,
    /// The LF of the line with the size.
    SizeFeed,
    Data,
    DataReturn,
    DataFeed,
    /// A trailer, or the end.
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerFeed,
    EndFeed,
    End,
    Fault,
}

impl ChunkDecoder {
    /// Takes in bytes up to the end of the body or the first fault.
    pub(super) fn take(&mut self, read: &[u8]) -> usize {
        let mut at = 0;
        while at < read.len() {
            if self.at == ChunkState::Data {
                let taken = self.size.min((read.len() - at) as u64);
                at += taken as usize;
                self.size -= taken;
                if self.size == 0 {
                    self.at = ChunkState::DataReturn;
                }
                continue;
            }
            self.at = self.step(read[at]);
            match self.at {
                ChunkState::Fault => break,
                ChunkState::End => return at + 1,
                _ => at += 1,
            }
        }
        at
    }

    /// The place behind a byte.
    fn step(&mut self, byte: u8) -> ChunkState {
        if self.extra > EXTRA {
            return ChunkState::Fault;
        }
        match (self.at, byte) {
            (ChunkState::Size, digit) if digit.is_ascii_hexdigit() && self.digits < DIGITS => self.digit(digit),
            (ChunkState::Size, b'\r') if self.digits > 0 => ChunkState::SizeFeed,
            (ChunkState::Size, b';') if self.digits > 0 => ChunkState::NameStart,
            (ChunkState::SizeFeed, b'\n') if self.size > 0 => ChunkState::Data,
            (ChunkState::SizeFeed, b'\n') => ChunkState::TrailerStart,
            (ChunkState::DataReturn, b'\r') => ChunkState::DataFeed,
            (ChunkState::DataFeed, b'\n') => {
                self.digits = 0;
                ChunkState::Size
            }
            (ChunkState::TrailerStart, b'\r') => ChunkState::EndFeed,
            (ChunkState::EndFeed, b'\n') => ChunkState::End,
            _ => {
                self.extra += 1;
                self.step_extra(byte)
            }
        }
    }

    /// The place behind a byte of an extension or trailer.
    fn step_extra(&self, byte: u8) -> ChunkState {
        match (self.at, byte) {
            (ChunkState::NameStart | ChunkState::Name, byte) if is_word(byte) => ChunkState::Name,
            (ChunkState::Name, b'=') => ChunkState::ValueStart,
            (ChunkState::Name | ChunkState::Word | ChunkState::Closed, b';') => ChunkState::NameStart,
            (ChunkState::Name | ChunkState::Word | ChunkState::Closed, b'\r') => ChunkState::SizeFeed,
            (ChunkState::ValueStart, b'"') => ChunkState::Quoted,
            (ChunkState::ValueStart | ChunkState::Word, byte) if is_word(byte) => ChunkState::Word,
            (ChunkState::Quoted, b'"') => ChunkState::Closed,
            (ChunkState::Quoted, b'\\') => ChunkState::Escaped,
            (ChunkState::Quoted | ChunkState::Escaped, byte) if is_text(byte) => ChunkState::Quoted,
            (ChunkState::TrailerStart | ChunkState::TrailerName, byte) if is_word(byte) => ChunkState::TrailerName,
            (ChunkState::TrailerName, b':') => ChunkState::TrailerValue,
            (ChunkState::TrailerValue, byte) if is_text(byte) => ChunkState::TrailerValue,
            (ChunkState::TrailerValue, b'\r') => ChunkState::TrailerFeed,
            (ChunkState::TrailerFeed, b'\n') => ChunkState::TrailerStart,
            _ => ChunkState::Fault,
        }
    }

    fn digit(&mut self, digit: u8) -> ChunkState {
        let before = if self.digits == 0 { 0 } else { self.size << 4 };
        self.size = before | u64::from((digit as char).to_digit(16).unwrap_or_default());
        self.digits += 1;
        ChunkState::Size
    }
}

/// True if a byte can stand in a token (RFC 9110, section 5.6.2).
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// True if a byte can stand in text: no control character but the tab.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}
