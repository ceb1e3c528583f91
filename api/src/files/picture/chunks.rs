//! The parts of GIF and WebP files that hold pixels; everything else is left out.

/// A reader of bytes that never reads beyond them.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
}

/// Pixels of pictures of this size, as long as they are within the limit.
struct Budget(u64);

impl Budget {
    fn spend(&mut self, pixels: u64) -> Option<()> {
        self.0 = self.0.checked_sub(pixels)?;
        Some(())
    }
}

fn le16(bytes: &[u8]) -> Option<u64> {
    Some(u64::from(u16::from_le_bytes(bytes.first_chunk().copied()?)))
}

const GIF_HEADER: usize = 13;
const GIF_IMAGE: u8 = 0x2c;
const GIF_EXTENSION: u8 = 0x21;
const GIF_TRAILER: u8 = 0x3b;
const GIF_GRAPHIC_CONTROL: u8 = 0xf9;
const GIF_APPLICATION: u8 = 0xff;
/// The one application that a picture needs: how often it repeats.
const GIF_LOOP: &[u8] = b"\x0bNETSCAPE2.0\x03\x01";

/// The header, the colours, the pictures with their timing, and how often they repeat. Comments,
/// texts, other applications' data and what stands behind the end are left out. `None` if the file
/// is broken or its pictures have more pixels than this.
///
/// Source: Graphics Interchange Format, Version 89a (CompuServe, 1990).
pub fn gif(bytes: &[u8], pixels: u64) -> Option<Vec<u8>> {
    let mut reader = Reader(bytes);
    let mut budget = Budget(pixels);
    let mut kept = Vec::with_capacity(bytes.len());
    let header = reader.take(GIF_HEADER)?;
    let canvas = le16(header.get(6..)?)? * le16(header.get(8..)?)?;
    kept.extend_from_slice(header);
    kept.extend_from_slice(reader.take(colours(*header.get(10)?))?);
    loop {
        match reader.byte() {
            Some(GIF_IMAGE) => {
                let place = reader.take(9)?;
                let frame = le16(place.get(4..)?)? * le16(place.get(6..)?)?;
                budget.spend(canvas.max(frame))?;
                kept.push(GIF_IMAGE);
                kept.extend_from_slice(place);
                kept.extend_from_slice(reader.take(colours(*place.get(8)?))?);
                // The width of its codes, then the codes.
                kept.push(reader.byte()?);
                kept.extend_from_slice(sub_blocks(&mut reader)?);
            }
            Some(GIF_EXTENSION) => {
                let label = reader.byte()?;
                let content = sub_blocks(&mut reader)?;
                let is_needed = match label {
                    GIF_GRAPHIC_CONTROL => content.len() == 6,
                    GIF_APPLICATION => content.starts_with(GIF_LOOP) && content.len() == 17,
                    _ => false,
                };
                if is_needed {
                    kept.extend_from_slice(&[GIF_EXTENSION, label]);
                    kept.extend_from_slice(content);
                }
            }
            // Many files lack their last byte; every viewer shows them.
            Some(GIF_TRAILER) | None => {
                kept.push(GIF_TRAILER);
                return Some(kept);
            }
            Some(_) => return None,
        }
    }
}

/// Bytes of the table of colours that these flags announce.
const fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// Blocks of up to 255 bytes, each behind its length, with the empty one at their end.
fn sub_blocks<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let begin = reader.0;
    loop {
        let length = reader.byte()?;
        reader.take(length.into())?;
        if length == 0 {
            return begin.get(..begin.len() - reader.0.len());
        }
    }
}

/// Says in the extended header's flags that there are notes (`Exif`, `XMP`).
const WEBP_NOTES: u8 = 0b0000_1100;
/// Says there that there is a profile of colours.
const WEBP_PROFILE: u8 = 0b0010_0000;

/// The pictures and how they move. Profiles, notes, unknown parts and what stands behind the end are
/// left out. `None` if the file is broken or its pictures have more pixels than this.
///
/// Source: RFC 9649.
pub fn webp(bytes: &[u8], pixels: u64) -> Option<Vec<u8>> {
    let mut reader = Reader(bytes);
    if reader.take(4)? != b"RIFF" {
        return None;
    }
    let size = le32(reader.take(4)?)?;
    let mut reader = Reader(reader.take(size)?);
    if reader.take(4)? != b"WEBP" {
        return None;
    }
    let mut budget = Budget(pixels);
    let mut canvas = 0;
    let mut kept = b"RIFF\0\0\0\0WEBP".to_vec();
    while !reader.0.is_empty() {
        let (name, content) = riff_chunk(&mut reader)?;
        match name {
            b"VP8X" => {
                let mut header: [u8; 10] = content.try_into().ok()?;
                let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = &mut header;
                *flags &= !(WEBP_NOTES | WEBP_PROFILE);
                let side = |a: u8, b: u8, c: u8| u64::from(u32::from_le_bytes([a, b, c, 0])) + 1;
                canvas = side(*w0, *w1, *w2) * side(*h0, *h1, *h2);
                put_chunk(&mut kept, name, &header)?;
            }
            b"ANMF" if canvas > 0 => {
                budget.spend(canvas)?;
                put_chunk(&mut kept, name, &frame(content)?)?;
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" => put_chunk(&mut kept, name, content)?,
            b"ANMF" => return None,
            _ => {}
        }
    }
    let size = u32::try_from(kept.len() - 8).ok()?.to_le_bytes();
    kept.get_mut(4..8)?.copy_from_slice(&size);
    Some(kept)
}

/// One picture of an animation: its place and timing, and the parts that hold its pixels.
fn frame(content: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader(content);
    let mut kept = reader.take(16)?.to_vec();
    while !reader.0.is_empty() {
        let (name, content) = riff_chunk(&mut reader)?;
        if matches!(name, b"VP8 " | b"VP8L" | b"ALPH") {
            put_chunk(&mut kept, name, content)?;
        }
    }
    Some(kept)
}

fn riff_chunk<'a>(reader: &mut Reader<'a>) -> Option<(&'a [u8; 4], &'a [u8])> {
    let name = reader.take(4)?.first_chunk()?;
    let size = le32(reader.take(4)?)?;
    let content = reader.take(size)?;
    // Chunks begin at even places; the last one's filler is often missing.
    if size % 2 == 1 && !reader.0.is_empty() {
        reader.byte()?;
    }
    Some((name, content))
}

fn put_chunk(kept: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) -> Option<()> {
    kept.extend_from_slice(name);
    kept.extend_from_slice(&u32::try_from(content.len()).ok()?.to_le_bytes());
    kept.extend_from_slice(content);
    if content.len() % 2 == 1 {
        kept.push(0);
    }
    Some(())
}

fn le32(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.first_chunk().copied()?)).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
    use image::codecs::webp::WebPDecoder;
    use image::{AnimationDecoder, Frame, ImageFormat, Rgba, RgbaImage};

    use super::*;

    const SECRET: &[u8] = b"<script>51.5 N 0.1 W</script>";

    fn holds(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    fn animation() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        encoder.set_repeat(Repeat::Infinite).unwrap();
        for shade in [0, 100, 200] {
            let image = RgbaImage::from_pixel(20, 10, Rgba([shade, 0, 0, 255]));
            encoder.encode_frame(Frame::new(image)).unwrap();
        }
        drop(encoder);
        bytes
    }

    fn frames(gif: &[u8]) -> usize {
        let decoder = GifDecoder::new(Cursor::new(gif)).unwrap();
        decoder.into_frames().collect_frames().unwrap().len()
    }

    #[test]
    fn a_gif_keeps_its_pictures_and_nothing_else() {
        let plain = animation();
        let mut loaded = plain.clone();
        assert_eq!(loaded.pop(), Some(GIF_TRAILER));
        let block = |label: u8, content: &[u8]| {
            let mut block = vec![GIF_EXTENSION, label, u8::try_from(content.len()).unwrap()];
            block.extend_from_slice(content);
            block.push(0);
            block
        };
        loaded.extend(block(0xfe, SECRET));
        loaded.extend(block(GIF_APPLICATION, SECRET));
        loaded.push(GIF_TRAILER);
        loaded.extend_from_slice(SECRET);
        let kept = gif(&loaded, 1_000_000).unwrap();
        assert!(!holds(&kept, SECRET));
        assert_eq!(kept, gif(&plain, 1_000_000).unwrap());
        assert_eq!(frames(&kept), 3);
        assert!(holds(&kept, b"NETSCAPE2.0"), "it repeats still");
    }

    #[test]
    fn an_animation_of_too_many_pixels_is_refused() {
        assert!(gif(&animation(), 600).is_some());
        assert!(gif(&animation(), 599).is_none());
    }

    #[test]
    fn a_webp_keeps_its_picture_and_nothing_else() {
        let mut plain = Cursor::new(Vec::new());
        let image = RgbaImage::from_pixel(20, 10, Rgba([1, 2, 3, 4]));
        image.write_to(&mut plain, ImageFormat::WebP).unwrap();
        let plain = plain.into_inner();
        let mut loaded = b"RIFF\0\0\0\0WEBP".to_vec();
        let notes = WEBP_NOTES | WEBP_PROFILE | 0b0001_0000;
        put_chunk(&mut loaded, b"VP8X", &[notes, 0, 0, 0, 19, 0, 0, 9, 0, 0]).unwrap();
        put_chunk(&mut loaded, b"ICCP", SECRET).unwrap();
        loaded.extend_from_slice(plain.get(12..).unwrap());
        for name in [b"EXIF", b"XMP ", b"HTML"] {
            put_chunk(&mut loaded, name, SECRET).unwrap();
        }
        let size = u32::try_from(loaded.len() - 8).unwrap().to_le_bytes();
        loaded.get_mut(4..8).unwrap().copy_from_slice(&size);
        loaded.extend_from_slice(SECRET);
        let kept = webp(&loaded, 1_000_000).unwrap();
        assert!(!holds(&kept, SECRET));
        let shown = image::load_from_memory(&kept).unwrap().to_rgba8();
        assert_eq!(shown, image);
        assert!(
            !WebPDecoder::new(Cursor::new(&kept))
                .unwrap()
                .has_animation()
        );
    }

    #[test]
    fn what_is_broken_is_refused() {
        for broken in [
            &b""[..],
            b"GIF89a",
            b"RIFF",
            b"RIFF\xff\xff\xff\xffWEBP",
            b"RIFF\x0c\0\0\0WEBPVP8 \xff\xff\xff\xff",
        ] {
            assert!(
                gif(broken, 1000).is_none() && webp(broken, 1000).is_none(),
                "{broken:?}"
            );
        }
    }
}
