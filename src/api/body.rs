//! Bodies of requests: read whole and unpacked, bounded by what comes out and not by what comes in.

use std::cell::Cell;
use std::io::Read;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use brotli::reader::StandardAlloc;
use brotli::{Allocator, BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use futures_util::StreamExt;
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;

use crate::error::{Error, Result};

/// The longest time that a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(15);

/// The number of bytes that are unpacked at a time.
const PIECE: usize = 8192;

/// The largest body that a route takes, in bytes: as it comes, and unpacked.
#[derive(Clone, Copy)]
pub struct BodyLimit(pub usize);

/// A mark of routes whose bodies must not be packed.
#[derive(Clone, Copy)]
pub struct PlainBody;

/// A mark of requests whose body was read to its end.
struct ReadToEnd;

/// The body of a request, whole.
pub struct Body(pub Bytes);

impl FromRequest for Body {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<BodyLimit>().map_or(0, |limit| limit.0);
        let coding = Coding::of(request);
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let coding = coding?;
            let arriving = arrive(&request, payload, limit);
            let arrived = tokio::time::timeout(BODY_TIME, arriving).await.map_err(|_| Error::BodyTimeout)??;
            request.extensions_mut().insert(ReadToEnd);
            if coding == Coding::Identity {
                return Ok(Body(arrived.into()));
            }
            let unpacking = actix_web::web::block(move || unpack(coding, &arrived, limit)).await;
            unpacking.map_err(|_| Error::Internal("unpacking panicked".into()))?.map(|body| Body(body.into()))
        })
    }
}

/// True if a request has a body that nobody has read to its end: the rest of it can be anything, and the connection
/// must not be used for another request.
pub fn is_left_unread(request: &HttpRequest) -> bool {
    let length = request.headers().get(CONTENT_LENGTH);
    let has_body = length.is_some_and(|length| length != "0") || request.headers().contains_key(TRANSFER_ENCODING);
    has_body && !request.extensions().contains::<ReadToEnd>()
}

/// Reads a body as it comes.
async fn arrive(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Vec<u8>> {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.trim().parse().ok());
    if declared.is_some_and(|length: u64| length > limit as u64) {
        return Err(Error::TooLarge(limit));
    }
    let mut body = Vec::new();
    while let Some(piece) = payload.next().await {
        add(&mut body, &piece.map_err(|_| unreadable())?, limit)?;
    }
    Ok(body)
}

fn unreadable() -> Error {
    Error::Malformed("the body cannot be read".into())
}

/// Adds a piece unless that makes too much. Room is made for twice as much at a time, but never for more than the limit.
fn add(body: &mut Vec<u8>, piece: &[u8], limit: usize) -> Result<()> {
    let length = body.len() + piece.len();
    if length > limit {
        return Err(Error::TooLarge(limit));
    }
    if length > body.capacity() {
        body.reserve_exact((2 * body.capacity()).clamp(length, limit) - body.len());
    }
    body.extend_from_slice(piece);
    Ok(())
}

/// The coding that a body is packed in (RFC 9110, section 8.4).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Brotli,
    Deflate,
    Gzip,
    Zstd,
}

/// The names of the codings.
pub const CODINGS: &str = "br, deflate, gzip, identity, zstd";

impl Coding {
    /// The coding of a request's body: one at the most, for of several each could make more of what the one before made.
    fn of(request: &HttpRequest) -> Result<Coding> {
        let mut given = request.headers().get_all(CONTENT_ENCODING);
        let (first, second) = (given.next(), given.next());
        let name = first.map(|coding| coding.to_str().unwrap_or("?").trim().to_ascii_lowercase());
        let coding = match (name.as_deref(), second) {
            (None | Some("identity"), None) => return Ok(Coding::Identity),
            _ if request.app_data::<PlainBody>().is_some() => {
                return Err(Error::UnsupportedMediaType("a body that is not packed"));
            }
            (Some("br"), None) => Coding::Brotli,
            (Some("deflate"), None) => Coding::Deflate,
            (Some("gzip"), None) => Coding::Gzip,
            (Some("zstd"), None) => Coding::Zstd,
            _ => return Err(Error::UnsupportedMediaType(CODINGS)),
        };
        Ok(coding)
    }
}

/// Unpacks a body of which no more than the limit may come. What follows its end is refused.
fn unpack(coding: Coding, packed: &[u8], limit: usize) -> Result<Vec<u8>> {
    let mut body = room(limit)?;
    match coding {
        Coding::Identity => add(&mut body, packed, limit)?,
        Coding::Brotli => unpack_brotli(packed, &mut body, limit)?,
        Coding::Zstd => unpack_zstd(packed, &mut body, limit)?,
        Coding::Gzip => read_within(&mut MultiGzDecoder::new(packed), &mut body, limit)?,
        Coding::Deflate => {
            let mut decoder = ZlibDecoder::new(packed);
            read_within(&mut decoder, &mut body, limit)?;
            if !decoder.into_inner().is_empty() {
                return Err(unreadable());
            }
        }
    }
    body.shrink_to_fit();
    Ok(body)
}

/// Room for a body of the limit's length, of which only what comes is touched. Room that grew as the body comes would be
/// there twice whenever it moves, and what it left behind would stay with the allocator for a while.
fn room(limit: usize) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    body.try_reserve_exact(limit).map_err(|_| Error::Unavailable("there is no memory for a body".into()))?;
    Ok(body)
}

fn read_within(from: &mut impl Read, body: &mut Vec<u8>, limit: usize) -> Result<()> {
    let mut piece = [0; PIECE];
    loop {
        match from.read(&mut piece).map_err(|_| unreadable())? {
            0 => return Ok(()),
            read => add(body, &piece[..read], limit)?,
        }
    }
}

/// Straight into the room for the limit: the window, which a frame may declare as large as it likes, is then what came
/// already, and takes no memory of its own.
fn unpack_zstd(packed: &[u8], body: &mut Vec<u8>, limit: usize) -> Result<()> {
    let mut decompressor = zstd::bulk::Decompressor::new().map_err(|_| unreadable())?;
    decompressor.decompress_to_buffer(packed, body).map_err(|error| {
        let known = error.get_ref().and_then(|error| error.downcast_ref::<zstd::Error>());
        match known.is_some_and(|error| error.is(ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall)) {
            true => Error::TooLarge(limit),
            false => unreadable(),
        }
    })?;
    Ok(())
}

/// Gives the decoder of brotli memory, but no more in one piece than a body within the limit needs: it asks for room for
/// all that a block declares before any of it comes.
struct Bounded {
    most: usize,
    exceeded: Rc<Cell<bool>>,
    inner: StandardAlloc,
}

impl Allocator<u8> for Bounded {
    type AllocatedMemory = <StandardAlloc as Allocator<u8>>::AllocatedMemory;

    fn alloc_cell(&mut self, length: usize) -> Self::AllocatedMemory {
        if length > self.most {
            self.exceeded.set(true);
            return Self::AllocatedMemory::default();
        }
        self.inner.alloc_cell(length)
    }

    fn free_cell(&mut self, cell: Self::AllocatedMemory) {
        <StandardAlloc as Allocator<u8>>::free_cell(&mut self.inner, cell);
    }
}

/// The smallest body that the decoder of brotli makes room for, and what it adds to a power of two.
const BROTLI_SLACK: usize = 4096;

/// Through a window beside the body, which has room for a body of the limit's length from the beginning (or is as large as
/// it can be): one that grew would be there half as often again while it moves. A block that needs more is too much.
fn unpack_brotli(packed: &[u8], body: &mut Vec<u8>, limit: usize) -> Result<()> {
    let exceeded = Rc::new(Cell::new(false));
    let window = limit.checked_next_power_of_two().unwrap_or(limit);
    let most = window.saturating_add(BROTLI_SLACK);
    let memory = Bounded { most, exceeded: exceeded.clone(), inner: StandardAlloc::default() };
    // Strict: the large windows that RFC 7932 does not know are refused.
    let mut state = BrotliState::new_strict(memory, StandardAlloc::default(), StandardAlloc::default());
    state.set_initial_ring_buffer_size(u32::try_from(window).unwrap_or(u32::MAX));
    let mut piece = [0; PIECE];
    let (mut left, mut at, mut total) = (packed.len(), 0, 0);
    loop {
        let (mut room, mut made) = (PIECE, 0);
        let result = BrotliDecompressStream(
            &mut left, &mut at, packed, &mut room, &mut made, &mut piece, &mut total, &mut state,
        );
        add(body, &piece[..made], limit)?;
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultSuccess if left == 0 => return Ok(()),
            _ if exceeded.get() => return Err(Error::TooLarge(limit)),
            _ => return Err(unreadable()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const ALL: [Coding; 4] = [Coding::Brotli, Coding::Deflate, Coding::Gzip, Coding::Zstd];

    fn pack(coding: Coding, body: &[u8]) -> Vec<u8> {
        match coding {
            Coding::Identity => body.to_vec(),
            Coding::Brotli => {
                let mut packed = Vec::new();
                let mut encoder = brotli::CompressorWriter::new(&mut packed, 4096, 5, 24);
                encoder.write_all(body).unwrap();
                drop(encoder);
                packed
            }
            Coding::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(body).unwrap();
                encoder.finish().unwrap()
            }
            Coding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(body).unwrap();
                encoder.finish().unwrap()
            }
            Coding::Zstd => zstd::encode_all(body, 3).unwrap(),
        }
    }

    #[test]
    fn takes_the_limit_and_not_a_byte_more() {
        for coding in ALL {
            for limit in [1, 1000, 262_144] {
                assert_eq!(unpack(coding, &pack(coding, &vec![b' '; limit]), limit).unwrap().len(), limit);
                let more = unpack(coding, &pack(coding, &vec![b' '; limit + 1]), limit);
                assert!(matches!(more, Err(Error::TooLarge(_))));
                let bomb = unpack(coding, &pack(coding, &vec![b' '; 20 << 20]), limit);
                assert!(matches!(bomb, Err(Error::TooLarge(_))));
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_refused() {
        for coding in ALL {
            let packed = pack(coding, b"{\"title\": \"A\"}");
            assert!(unpack(coding, &packed[..packed.len() - 1], 1000).is_err());
            assert!(unpack(coding, &[&packed[..], b"x"].concat(), 1000).is_err());
            assert!(unpack(coding, b"{\"title\": \"A\"}", 1000).is_err());
        }
    }

    #[test]
    fn a_window_takes_no_memory_of_its_own() {
        // A window of 2 GiB and a small body; a decoder that streams would make room for the window.
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(b"{}").unwrap();
        assert_eq!(unpack(Coding::Zstd, &encoder.finish().unwrap(), 1000).unwrap(), b"{}");
        // Brotli's large windows begin with this byte, and are none of RFC 7932.
        assert!(unpack(Coding::Brotli, &[0x11, 30, 0, 0, 0], 1000).is_err());
    }

    proptest! {
        #[test]
        fn gives_back_what_was_packed(body in prop::collection::vec(any::<u8>(), 0..3000), level in 0..4_usize) {
            let coding = ALL[level];
            prop_assert_eq!(unpack(coding, &pack(coding, &body), 3000).unwrap(), body);
        }

        #[test]
        fn rubbish_is_refused_or_small(body in prop::collection::vec(any::<u8>(), 0..300), level in 0..4_usize) {
            if let Ok(unpacked) = unpack(ALL[level], &body, 500) {
                prop_assert!(unpacked.len() <= 500);
            }
        }
    }
}
