//! Pictures: what is stored is made anew from the pixels alone, so that nothing that came with them
//! (places, names, hidden files) goes on.
//!
//! JPEG and PNG are decoded and encoded again; of GIF and WebP, which may move and would lose by it,
//! the parts that hold pixels are kept as they are (`chunks.rs`), and all of them count against the
//! limit. Nothing here knows of requests or stores.

mod chunks;

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::imageops::FilterType as Scaling;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use thumbhash::rgba_to_thumb_hash;

use crate::domain::picture_key::PictureKind;

/// Sides of a small picture, in pixels: what a timeline shows of it, on a dense screen.
const THUMBNAIL_SIDE: u32 = 400;
/// Sides of what a placeholder is made of, in pixels: of more, no more would be kept.
const PLACEHOLDER_SIDE: u32 = 64;
/// Sides of an avatar or icon, in pixels.
pub const SQUARE_SIDE: u32 = 256;
/// Longest side, in pixels: no format here but PNG has longer ones.
const SIDE: u32 = 65_535;
/// Bytes of the widest pixel that is decoded (16 bits, four channels).
const PIXEL_BYTES: u64 = 8;
/// What a PNG's profile, notes and texts may take, unpacked: all of them are dropped, and its pixels
/// are counted by themselves.
const NOTES_BYTES: u64 = 16 * 1024 * 1024;
/// What an animation may hold, in pictures as large as are allowed: it is shown, not decoded here.
const ANIMATION: u64 = 25;
/// No difference is seen above.
const JPEG_QUALITY: u8 = 90;
const THUMBNAIL_QUALITY: u8 = 80;

/// A picture, ready to be stored.
#[derive(Debug)]
pub struct Picture {
    /// Its bytes, of the format they came in.
    pub bytes: Vec<u8>,
    /// As it is shown.
    pub width: u32,
    /// As it is shown.
    pub height: u32,
    /// Its small picture: a JPEG of a JPEG, else a PNG, which keeps what is transparent.
    pub thumbnail: Vec<u8>,
    /// Its colours in some 25 bytes, as base64: a ThumbHash.
    pub placeholder: String,
}

/// Why a picture cannot be made of these bytes.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It has more pixels than are decoded.
    #[error("too many pixels")]
    TooLarge,
    /// It cannot be decoded.
    #[error("not a picture: {0}")]
    Broken(#[from] ImageError),
    /// Its parts do not fit together.
    #[error("its parts do not fit together")]
    Torn,
}

/// The type of the small picture of a file of this type.
#[must_use]
pub fn thumbnail_type(content_type: &str) -> &'static str {
    if content_type == PictureKind::Jpeg.content_type() {
        PictureKind::Jpeg.content_type()
    } else {
        PictureKind::Png.content_type()
    }
}

/// Makes a picture anew.
///
/// # Errors
/// If it is none, or too large.
pub fn renew(bytes: &[u8], format: ImageFormat, pixels: u64) -> Result<Picture, Unfit> {
    let (image, orientation) = decode(bytes, format, pixels)?;
    let renewed = match format {
        ImageFormat::Jpeg => encode_jpeg(&image, JPEG_QUALITY)?,
        ImageFormat::Gif => chunks::gif(bytes, pixels * ANIMATION).ok_or(Unfit::Torn)?,
        // One that was turned loses the note that says so: its pixels are turned instead.
        ImageFormat::WebP if orientation == Orientation::NoTransforms => {
            chunks::webp(bytes, pixels * ANIMATION).ok_or(Unfit::Torn)?
        }
        ImageFormat::WebP => encode_webp(&image)?,
        _ => encode_png(&image)?,
    };
    let small = if image.width().max(image.height()) > THUMBNAIL_SIDE {
        &image.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    } else {
        &image
    };
    let thumbnail = match format {
        ImageFormat::Jpeg => encode_jpeg(small, THUMBNAIL_QUALITY)?,
        _ => encode_png(small)?,
    };
    Ok(Picture {
        bytes: renewed,
        width: image.width(),
        height: image.height(),
        thumbnail,
        placeholder: placeholder(small),
    })
}

/// What stands in for a picture until its bytes are there.
fn placeholder(small: &DynamicImage) -> String {
    let tiny = small
        .thumbnail(PLACEHOLDER_SIDE, PLACEHOLDER_SIDE)
        .to_rgba8();
    let (width, height) = (tiny.width() as usize, tiny.height() as usize);
    STANDARD.encode(rgba_to_thumb_hash(width, height, &tiny))
}

/// The middle of a picture as a small square.
///
/// # Errors
/// If it is none, or too large.
pub fn square(
    bytes: &[u8],
    format: ImageFormat,
    pixels: u64,
) -> Result<(PictureKind, Vec<u8>), Unfit> {
    let (image, _) = decode(bytes, format, pixels)?;
    let image = image.resize_to_fill(SQUARE_SIDE, SQUARE_SIDE, Scaling::CatmullRom);
    if image.color().has_alpha() {
        Ok((PictureKind::Png, encode_png(&image)?))
    } else {
        Ok((PictureKind::Jpeg, encode_jpeg(&image, JPEG_QUALITY)?))
    }
}

/// The pixels (of an animation, the first picture), turned as they are to be shown. The size is
/// read first: what is too large is never decoded.
fn decode(
    bytes: &[u8],
    format: ImageFormat,
    pixels: u64,
) -> Result<(DynamicImage, Orientation), Unfit> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(match format {
        ImageFormat::Png => NOTES_BYTES,
        _ => pixels.saturating_mul(PIXEL_BYTES),
    });
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > pixels {
        return Err(Unfit::TooLarge);
    }
    // A note that cannot be read is as good as none.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok((image, orientation))
}

fn encode_jpeg(image: &DynamicImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    match image {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => {
            image.write_with_encoder(encoder)?
        }
        other => other.to_rgb8().write_with_encoder(encoder)?,
    }
    Ok(bytes)
}

fn encode_png(image: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    image.write_with_encoder(encoder)?;
    Ok(bytes)
}

fn encode_webp(image: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    image
        .to_rgba8()
        .write_with_encoder(WebPEncoder::new_lossless(&mut bytes))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView, Rgba, RgbaImage};

    use super::*;

    /// Red on the left, blue on the right, transparent at the last pixel.
    fn sample(width: u32, height: u32) -> DynamicImage {
        let image = RgbaImage::from_fn(width, height, |x, y| {
            if (x + 1, y + 1) == (width, height) {
                Rgba([0, 0, 0, 0])
            } else if x < width / 2 {
                Rgba([255, 0, 0, 255])
            } else {
                Rgba([0, 0, 255, 255])
            }
        });
        image.into()
    }

    fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = if format == ImageFormat::Jpeg {
            &image.to_rgb8().into()
        } else {
            image
        };
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_format_stays_what_it_is_and_gets_a_small_picture() {
        for (format, small) in [
            (ImageFormat::Png, ImageFormat::Png),
            (ImageFormat::Jpeg, ImageFormat::Jpeg),
            (ImageFormat::Gif, ImageFormat::Png),
            (ImageFormat::WebP, ImageFormat::Png),
        ] {
            let bytes = written(&sample(801, 300), format);
            let picture = renew(&bytes, format, 1_000_000).unwrap();
            assert_eq!((picture.width, picture.height), (801, 300));
            assert_eq!(image::guess_format(&picture.bytes).unwrap(), format);
            let shown = image::load_from_memory(&picture.bytes).unwrap();
            assert_eq!(shown.dimensions(), (801, 300));
            assert!(shown.get_pixel(10, 10)[0] > 240, "{format:?}");
            assert_eq!(image::guess_format(&picture.thumbnail).unwrap(), small);
            let thumbnail = image::load_from_memory(&picture.thumbnail).unwrap();
            assert_eq!(thumbnail.dimensions(), (400, 150));
            let (width, height, colours) = stand_in(&picture);
            assert!(width > 2 * height, "{width} {height}");
            let at = |x: usize| colours.get((height / 2 * width + x) * 4..).unwrap();
            let (left, right) = (at(width / 8), at(width * 7 / 8));
            assert!(left[0] > 200 && left[2] < 60, "{format:?}");
            assert!(right[0] < 60 && right[2] > 200, "{format:?}");
        }
    }

    fn stand_in(picture: &Picture) -> (usize, usize, Vec<u8>) {
        let hash = STANDARD.decode(&picture.placeholder).unwrap();
        assert!(hash.len() <= 25, "{}", hash.len());
        thumbhash::thumb_hash_to_rgba(&hash).unwrap()
    }

    #[test]
    fn a_small_picture_is_never_larger_than_the_picture() {
        let picture = renew(
            &written(&sample(30, 20), ImageFormat::Png),
            ImageFormat::Png,
            1000,
        );
        let thumbnail = image::load_from_memory(&picture.unwrap().thumbnail).unwrap();
        assert_eq!(thumbnail.dimensions(), (30, 20));
    }

    #[test]
    fn the_limit_is_on_pixels_and_is_asked_before_decoding() {
        let bytes = written(&sample(40, 40), ImageFormat::Png);
        assert!(renew(&bytes, ImageFormat::Png, 1600).is_ok());
        assert!(matches!(
            renew(&bytes, ImageFormat::Png, 1599),
            Err(Unfit::TooLarge)
        ));
    }

    #[test]
    fn a_square_is_cut_from_the_middle_and_keeps_what_is_transparent() {
        let (kind, bytes) = square(
            &written(&sample(900, 300), ImageFormat::Png),
            ImageFormat::Png,
            1_000_000,
        )
        .unwrap();
        assert_eq!(kind, PictureKind::Png);
        assert_eq!(
            image::load_from_memory(&bytes).unwrap().dimensions(),
            (SQUARE_SIDE, SQUARE_SIDE)
        );
        let (kind, _) = square(
            &written(&sample(30, 300), ImageFormat::Jpeg),
            ImageFormat::Jpeg,
            1_000_000,
        )
        .unwrap();
        assert_eq!(kind, PictureKind::Jpeg);
    }

    #[test]
    fn what_is_cut_off_or_none_at_all_is_refused_or_decoded_never_a_panic() {
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Gif,
            ImageFormat::WebP,
        ] {
            let whole = written(&sample(64, 64), format);
            for length in 0..whole.len() {
                let cut = whole.get(..length).unwrap();
                _ = renew(cut, format, 1_000_000);
            }
            assert!(renew(b"", format, 1_000_000).is_err());
            assert!(
                renew(&whole[..20], format, 1_000_000).is_err(),
                "{format:?}"
            );
        }
    }
}
