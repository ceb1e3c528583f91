//! Files that unpack to much more than they are, made by hand: no writer of such files is needed.

/// A PNG's first bytes.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The most that one step of DEFLATE repeats.
const LONGEST: usize = 258;
/// What Adler-32 counts modulo.
const ADLER: usize = 65_521;

/// A part of a PNG.
#[must_use]
pub fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let length = u32::try_from(data.len()).unwrap();
    let crc = crc32(body.iter().copied());
    [&length.to_be_bytes(), body.as_slice(), &crc.to_be_bytes()].concat()
}

/// A PNG of these sides whose pixels are zeros of `pixel_bytes` bytes (1: grey, 8: four channels of
/// 16 bits each), with other parts before them.
#[must_use]
pub fn png_of_zeros(width: u32, height: u32, pixel_bytes: usize, parts: &[Vec<u8>]) -> Vec<u8> {
    let kind = match pixel_bytes {
        1 => [8, 0],
        8 => [16, 6],
        other => panic!("no pixel has {other} bytes"),
    };
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = [sides.as_slice(), &kind, &[0; 3]].concat();
    let row = 1 + width as usize * pixel_bytes;
    [
        PNG,
        &png_chunk(b"IHDR", &header),
        &parts.concat(),
        &png_chunk(b"IDAT", &zlib_zeros(row * height as usize)),
        &png_chunk(b"IEND", b""),
    ]
    .concat()
}

/// A ZIP with one file of zeros.
#[must_use]
pub fn zip_of_zeros(count: usize) -> Vec<u8> {
    const NAME: &[u8] = b"zeros";
    let packed = deflated_zeros(count);
    let crc = crc32(std::iter::repeat_n(0, count)).to_le_bytes();
    let [packed_size, size] =
        [packed.len(), count].map(|n| u32::try_from(n).unwrap().to_le_bytes());
    let name_size = (NAME.len() as u16).to_le_bytes();
    // Version 2.0, no flags, deflated, at no time.
    let about = [
        b"\x14\0\0\0\x08\0\0\0\0\0".as_slice(),
        &crc,
        &packed_size,
        &size,
        &name_size,
        &[0; 2],
    ]
    .concat();
    let local = [b"PK\x03\x04", about.as_slice(), NAME, &packed].concat();
    let central = [b"PK\x01\x02\x14\0", about.as_slice(), &[0; 14], NAME].concat();
    let central_size = (central.len() as u32).to_le_bytes();
    let begins_at = u32::try_from(local.len()).unwrap().to_le_bytes();
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(),
        &central_size,
        &begins_at,
        &[0; 2],
    ];
    [local, central, end.concat()].concat()
}

/// So many zeros, packed with the head and the sum of zlib (RFC 1950).
#[must_use]
pub fn zlib_zeros(count: usize) -> Vec<u8> {
    let sum = ((count % ADLER) << 16) | 1;
    let sum = (sum as u32).to_be_bytes();
    [b"\x78\x01", deflated_zeros(count).as_slice(), &sum].concat()
}

/// So many zeros, packed a hundredfold (RFC 1951, one block of the fixed codes).
fn deflated_zeros(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b011, 3);
    let (repeats, single) = match count.checked_sub(1) {
        Some(rest) => (rest / LONGEST, 1 + rest % LONGEST),
        None => (0, 0),
    };
    for _ in 0..single {
        bits.push_code(0b0011_0000, 8);
    }
    for _ in 0..repeats {
        // Length 258, then distance 1.
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    bits.push_code(0, 7);
    bits.finish()
}

/// Bits, the lowest of each byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.pending |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.pending.to_le_bytes()[0]);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// A code of Huffman begins with its highest bit.
    fn push_code(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }

    fn finish(mut self) -> Vec<u8> {
        self.push(0, 7);
        self.bytes
    }
}

/// As PNG and ZIP have it (ISO 3309).
fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    let table: Vec<u32> = (0..256_u32)
        .map(|n| {
            (0..8).fold(n, |crc, _| {
                (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
            })
        })
        .collect();
    !bytes.fold(u32::MAX, |crc, byte| {
        (crc >> 8) ^ table[usize::from(crc.to_le_bytes()[0] ^ byte)]
    })
}
