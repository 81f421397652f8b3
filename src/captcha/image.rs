//! The image of a security code: the same for the same generator.

use std::io::Cursor;

use captcha::RngCaptcha;
use captcha::filters::Wave;
use image::{GrayImage, ImageFormat, Luma};
use rand::Rng;
use rand::rngs::StdRng;

const WIDTH: u32 = 240;
const HEIGHT: u32 = 80;
/// The share of pixels that turn black.
const GRAIN: f64 = 0.2;
const BLOTS: u32 = 6;
const BLACK: Luma<u8> = Luma([0]);

/// Draws an answer as PNG.
pub fn draw(answer: &str, generator: &mut StdRng) -> Option<Vec<u8>> {
    let letters = image::load_from_memory(&letters(answer, generator)?).ok()?;
    let mut image = letters.to_luma8();
    for pixel in image.pixels_mut() {
        if generator.random_bool(GRAIN) {
            *pixel = BLACK;
        }
    }
    for _ in 0..BLOTS {
        let (x, y) = (generator.random_range(0..WIDTH), generator.random_range(0..HEIGHT));
        blot(&mut image, x, y, generator.random_range(2..=4));
    }
    let mut png = Vec::new();
    image.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).ok()?;
    Some(png)
}

/// The letters on white, bent. The library's own noise is left out: it comes from another generator each time.
fn letters(answer: &str, generator: &mut StdRng) -> Option<Vec<u8>> {
    let mut drawing = RngCaptcha::from_rng(generator);
    for letter in answer.chars() {
        drawing.set_chars(&[letter]).add_char();
    }
    drawing
        .apply_filter(Wave::new(1.5, 14.0).horizontal())
        .apply_filter(Wave::new(1.5, 9.0).vertical())
        .view(WIDTH, HEIGHT)
        .as_png()
}

fn blot(image: &mut GrayImage, x: u32, y: u32, radius: u32) {
    let near = |at: u32| at.saturating_sub(radius)..=at + radius;
    for (column, row) in near(x).flat_map(|column| near(y).map(move |row| (column, row))) {
        let is_inside = column.abs_diff(x).pow(2) + row.abs_diff(y).pow(2) <= radius.pow(2);
        if let Some(pixel) = image.get_pixel_mut_checked(column, row).filter(|_| is_inside) {
            *pixel = BLACK;
        }
    }
}
