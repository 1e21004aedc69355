//! The part of SPDY/3.1 that `kubectl port-forward` speaks inside its WebSocket: streams, and headers under one zlib.
//!
//! Upstream: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/, github.com/moby/spdystream
//! Differs: no flow control, which spdystream has not either; streams are only ever opened by the client.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::sync::LazyLock;

/// What the peer has to say.
#[derive(PartialEq, Debug)]
pub(super) enum Frame {
    Open { stream: u32, headers: Vec<(String, String)> },
    Data { stream: u32, data: Vec<u8>, last: bool },
    Reset { stream: u32 },
    Ping { id: u32 },
    GoAway,
}

/// Why the connection cannot go on.
#[derive(PartialEq, Debug)]
pub(super) struct Broken(pub &'static str);

pub(super) struct Session {
    /// What has come and is no whole frame yet.
    bytes: Vec<u8>,
    inflate: Decompress,
    deflate: Compress,
}

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;
const FIN: u8 = 1;
/// No headers of a port-forward come near it.
const HEADERS_MAX: usize = 64 << 10;
/// A frame's length has 24 bits; nobody sends that much at once.
const FRAME_MAX: usize = 4 << 20;

const WORDS: &str = "options head post put delete trace accept accept-charset accept-encoding accept-language \
                     accept-ranges age allow authorization cache-control connection content-base content-encoding \
                     content-language content-length content-location content-md5 content-range content-type date \
                     etag expect expires from host if-match if-modified-since if-none-match if-range \
                     if-unmodified-since last-modified location max-forwards pragma proxy-authenticate \
                     proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade \
                     user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url \
                     public set-cookie keep-alive origin";
const REST: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 \
                    Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 \
                    Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service \
                    UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, \
                    Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,\
                    application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,\
                    sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/// What both sides pretend to have compressed before: the protocol's own list of words.
static DICTIONARY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut out = Vec::new();
    for word in WORDS.split(' ') {
        let word = word.replace('_', " ");
        out.extend((word.len() as u32).to_be_bytes());
        out.extend(word.as_bytes());
    }
    out.extend(REST.as_bytes());
    out
});

impl Session {
    pub fn new() -> Session {
        let mut deflate = Compress::new(Compression::default(), true);
        deflate.set_dictionary(&DICTIONARY).expect("a fresh stream takes a dictionary");
        Session { bytes: Vec::new(), inflate: Decompress::new(true), deflate }
    }

    pub fn receive(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The next frame that is there as a whole and means something.
    pub fn next(&mut self) -> Result<Option<Frame>, Broken> {
        loop {
            let Some(head) = self.bytes.first_chunk::<8>().copied() else { return Ok(None) };
            let length = u32::from_be_bytes([0, head[5], head[6], head[7]]) as usize;
            if length > FRAME_MAX {
                return Err(Broken("a frame is too large"));
            }
            if self.bytes.len() < 8 + length {
                return Ok(None);
            }
            let body: Vec<u8> = self.bytes.drain(..8 + length).skip(8).collect();
            let flags = head[4];
            if head[0] & 0x80 == 0 {
                let stream = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
                return Ok(Some(Frame::Data { stream, data: body, last: flags & FIN != 0 }));
            }
            let number = |at: usize| body.get(at..at + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
            match u16::from_be_bytes([head[2], head[3]]) {
                SYN_STREAM => {
                    let block = body.get(10..).ok_or(Broken("a stream without headers"))?;
                    let headers = self.headers(block)?;
                    return Ok(Some(Frame::Open { stream: number(0) & 0x7fff_ffff, headers }));
                }
                RST_STREAM => return Ok(Some(Frame::Reset { stream: number(0) & 0x7fff_ffff })),
                PING => return Ok(Some(Frame::Ping { id: number(0) })),
                GOAWAY => return Ok(Some(Frame::GoAway)),
                // Whatever they say, the state of the decompression has to hear it.
                SYN_REPLY | HEADERS => drop(self.headers(body.get(4..).unwrap_or_default())?),
                _ => {}
            }
        }
    }

    fn headers(&mut self, block: &[u8]) -> Result<Vec<(String, String)>, Broken> {
        let bad = Broken("headers that cannot be read");
        let text = self.inflate(block)?;
        let mut rest = text.as_slice();
        let number = |rest: &mut &[u8]| {
            let (n, after) = rest.split_first_chunk::<4>()?;
            *rest = after;
            Some(u32::from_be_bytes(*n) as usize)
        };
        let word = |rest: &mut &[u8]| {
            let length = number(rest)?;
            let (word, after) = rest.split_at_checked(length)?;
            *rest = after;
            Some(String::from_utf8_lossy(word).into_owned())
        };
        let Some((count, after)) = rest.split_first_chunk::<4>() else { return Err(bad) };
        rest = after;
        let mut out = Vec::new();
        for _ in 0..u32::from_be_bytes(*count) {
            let (Some(name), Some(value)) = (word(&mut rest), word(&mut rest)) else { return Err(bad) };
            out.push((name, value));
        }
        Ok(out)
    }

    fn inflate(&mut self, mut block: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut out = Vec::with_capacity(4 << 10);
        loop {
            let before = self.inflate.total_in();
            let done = self.inflate.decompress_vec(block, &mut out, FlushDecompress::Sync);
            block = &block[(self.inflate.total_in() - before) as usize..];
            match done {
                Err(e) if e.needs_dictionary().is_some() => {
                    self.inflate.set_dictionary(&DICTIONARY).map_err(|_| Broken("another dictionary"))?;
                }
                Err(_) => return Err(Broken("headers that are not compressed")),
                Ok(Status::Ok | Status::StreamEnd) if out.len() == out.capacity() && out.len() < HEADERS_MAX => {
                    out.reserve(out.len());
                }
                Ok(_) if block.is_empty() => return Ok(out),
                Ok(_) => return Err(Broken("headers that are too long")),
            }
        }
    }

    /// Yes, that stream may be.
    pub fn accept(&mut self, stream: u32) -> Vec<u8> {
        let mut body = stream.to_be_bytes().to_vec();
        let mut block = Vec::with_capacity(256);
        // No headers at all.
        self.deflate.compress_vec(&[0; 4], &mut block, FlushCompress::Sync).expect("memory is large enough");
        body.extend(block);
        control(SYN_REPLY, 0, &body)
    }
}

pub(super) fn pong(id: u32) -> Vec<u8> {
    control(PING, 0, &id.to_be_bytes())
}

pub(super) fn data(stream: u32, data: &[u8], last: bool) -> Vec<u8> {
    let mut out = stream.to_be_bytes().to_vec();
    out.push(if last { FIN } else { 0 });
    out.extend(&(data.len() as u32).to_be_bytes()[1..]);
    out.extend(data);
    out
}

fn control(kind: u16, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0x80, 3];
    out.extend(kind.to_be_bytes());
    out.push(flags);
    out.extend(&(body.len() as u32).to_be_bytes()[1..]);
    out.extend(body);
    out
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A client's side of it: opens streams.
    pub(in crate::serve) struct Client(Compress);

    impl Client {
        pub fn new() -> Client {
            let mut c = Compress::new(Compression::default(), true);
            c.set_dictionary(&DICTIONARY).expect("a fresh stream takes a dictionary");
            Client(c)
        }

        pub fn open(&mut self, stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
            let mut text = (headers.len() as u32).to_be_bytes().to_vec();
            for word in headers.iter().flat_map(|(k, v)| [k, v]) {
                text.extend((word.len() as u32).to_be_bytes());
                text.extend(word.as_bytes());
            }
            let mut block = Vec::with_capacity(4 << 10);
            self.0.compress_vec(&text, &mut block, FlushCompress::Sync).expect("it fits");
            let mut body = stream.to_be_bytes().to_vec();
            body.extend([0; 6]);
            body.extend(block);
            control(SYN_STREAM, 0, &body)
        }
    }

    #[test]
    fn the_dictionary_is_the_one_that_everybody_has() {
        // The adler-32 that the first two bytes of any client's headers are followed by.
        let (mut a, mut b) = (1u32, 0u32);
        for byte in DICTIONARY.iter() {
            a = (a + u32::from(*byte)) % 65_521;
            b = (b + a) % 65_521;
        }
        assert_eq!((DICTIONARY.len(), b << 16 | a), (1423, 0xe3c6_a7c2));
    }

    #[test]
    fn streams_are_opened_in_pieces_and_one_after_the_other() {
        let mut client = Client::new();
        let mut bytes = client.open(1, &[("streamtype", "error"), ("port", "80")]);
        bytes.extend(client.open(3, &[("streamtype", "data"), ("port", "80")]));
        bytes.extend(data(3, b"hello", true));
        bytes.extend(control(4, 0, &[0; 4]));
        bytes.extend(pong(7));
        let mut session = Session::new();
        let mut seen = Vec::new();
        for byte in bytes {
            session.receive(&[byte]);
            while let Some(frame) = session.next().expect("all of it is well formed") {
                seen.push(frame);
            }
        }
        let text = |s: &str| s.to_owned();
        let headers = |of: &str| vec![(text("streamtype"), text(of)), (text("port"), text("80"))];
        let want = [
            Frame::Open { stream: 1, headers: headers("error") },
            Frame::Open { stream: 3, headers: headers("data") },
            Frame::Data { stream: 3, data: b"hello".to_vec(), last: true },
            Frame::Ping { id: 7 },
        ];
        assert_eq!(seen, want);
    }

    #[test]
    fn nonsense_breaks_the_connection() {
        let mut session = Session::new();
        session.receive(&control(SYN_STREAM, 0, b"0123456789 this is no zlib"));
        assert!(session.next().is_err());
        let mut session = Session::new();
        session.receive(&[0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]);
        assert_eq!(session.next(), Err(Broken("a frame is too large")));
    }

    #[test]
    fn an_acceptance_has_no_headers() {
        let mut peer = Session::new();
        let mut session = Session::new();
        for stream in [1, 3] {
            let bytes = session.accept(stream);
            assert_eq!(bytes[..4], [0x80, 3, 0, 2]);
            assert_eq!(peer.headers(&bytes[12..]), Ok(Vec::new()));
        }
    }
}
