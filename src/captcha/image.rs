//! The image of a security code: the same for the same generator.
//!
//! Letters overlap, lean and are bent; lines as thick as a pen's stroke cross them, and white ones cut them. People see
//! letters through that; what reads print looks for letters that stand apart. `scripts/captcha` measures it.

use std::f32::consts::TAU;

use png::{BitDepth, ColorType, Encoder};
use rand::Rng;
use rand::rngs::StdRng;

use super::glyphs;

const WIDTH: u32 = 240;
const HEIGHT: u32 = 80;
/// Half of a stroke's width, in pixels.
const PEN: f32 = 2.3;
const PAPER: f32 = 245.0;
const INK: f32 = 30.0;

type Point = (f32, f32);

/// Draws an answer as PNG.
pub fn draw(answer: &str, generator: &mut StdRng) -> Option<Vec<u8>> {
    let mut sheet = Sheet::blank();
    let bend = Bend::of(generator);
    #[expect(clippy::cast_precision_loss, reason = "a handful of letters")]
    let step = (WIDTH as f32 - 50.0) / answer.len() as f32;
    let mut x = 30.0;
    for letter in answer.chars() {
        let hand = Hand::of(generator, x);
        for stroke in glyphs::strokes(letter) {
            sheet.line(&smooth(stroke).map(|point| bend.of_point(hand.place(point))).collect::<Vec<_>>(), PEN, INK);
        }
        x += step;
    }
    for _ in 0..2 {
        sheet.line(&crossing(generator), 0.8, PAPER);
    }
    sheet.line(&crossing(generator), 1.3, INK);
    sheet.png()
}

/// How one letter is written: where, how large, and how it leans.
struct Hand {
    at: Point,
    scale: Point,
    lean: f32,
    turn: f32,
}

impl Hand {
    fn of(generator: &mut StdRng, x: f32) -> Self {
        Self {
            at: (x + generator.random_range(-2.0..=2.0), 40.0 + generator.random_range(-6.0..=6.0)),
            scale: (generator.random_range(7.2..=8.4), generator.random_range(7.2..=8.8)),
            lean: generator.random_range(-0.18..=0.18),
            turn: generator.random_range(-0.22..=0.22),
        }
    }

    fn place(&self, (x, y): Point) -> Point {
        let (x, y) = ((x - 2.0) * self.scale.0, (y - 3.0) * self.scale.1);
        let x = x + self.lean * y;
        let (sine, cosine) = self.turn.sin_cos();
        (self.at.0 + 8.0 + x * cosine - y * sine, self.at.1 + x * sine + y * cosine)
    }
}

/// A wave through the whole image.
struct Bend {
    phases: Point,
    heights: Point,
}

impl Bend {
    fn of(generator: &mut StdRng) -> Self {
        Self {
            phases: (generator.random_range(0.0..TAU), generator.random_range(0.0..TAU)),
            heights: (generator.random_range(1.0..2.5), generator.random_range(2.0..4.0)),
        }
    }

    fn of_point(&self, (x, y): Point) -> Point {
        let sideways = self.heights.0 * (y / 26.0 * TAU / 2.0 + self.phases.0).sin();
        let upwards = self.heights.1 * (x / 45.0 * TAU / 2.0 + self.phases.1).sin();
        (x + sideways, y + upwards)
    }
}

/// A curve from the left of the letters to their right.
fn crossing(generator: &mut StdRng) -> Vec<Point> {
    let (from, to) = (generator.random_range(18.0..62.0), generator.random_range(18.0..62.0));
    let (height, phase) = (generator.random_range(4.0..12.0), generator.random_range(0.0..TAU));
    let length = generator.random_range(60.0..110.0);
    (4..=58u8)
        .map(|step| f32::from(step) * 4.0)
        .map(|x| (x, from + (to - from) * x / 240.0 + height * (x / length * TAU + phase).sin()))
        .collect()
}

/// A stroke in steps short enough to be bent.
fn smooth(stroke: &[Point]) -> impl Iterator<Item = Point> {
    const STEPS: u8 = 6;
    stroke.windows(2).flat_map(|ends| {
        let ((x, y), (to_x, to_y)) = (ends[0], ends[1]);
        (0..=STEPS).map(f32::from).map(move |step| {
            let share = step / f32::from(STEPS);
            (x + (to_x - x) * share, y + (to_y - y) * share)
        })
    })
}

struct Sheet(Vec<f32>);

impl Sheet {
    fn blank() -> Self {
        Self(vec![PAPER; (WIDTH * HEIGHT) as usize])
    }

    /// A line through points, as a round pen draws it, with soft edges.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "pixels of a small image"
    )]
    fn line(&mut self, points: &[Point], pen: f32, ink: f32) {
        let span = |low: f32, high: f32, end: u32| {
            let clamp = |at: f32| at.clamp(0.0, end as f32) as u32;
            clamp(low - pen - 1.0)..clamp(high + pen + 2.0)
        };
        for ends in points.windows(2) {
            let (from, to) = (ends[0], ends[1]);
            for row in span(from.1.min(to.1), from.1.max(to.1), HEIGHT) {
                for column in span(from.0.min(to.0), from.0.max(to.0), WIDTH) {
                    let far = distance((column as f32, row as f32), from, to);
                    let cover = (pen + 0.5 - far).clamp(0.0, 1.0);
                    let pixel = &mut self.0[(row * WIDTH + column) as usize];
                    let mixed = *pixel + (ink - *pixel) * cover;
                    // Two segments of one line meet without a seam.
                    *pixel = if ink < PAPER { pixel.min(mixed) } else { pixel.max(mixed) };
                }
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
    fn png(&self) -> Option<Vec<u8>> {
        let pixels: Vec<u8> = self.0.iter().map(|&pixel| pixel as u8).collect();
        let mut png = Vec::new();
        let mut encoder = Encoder::new(&mut png, WIDTH, HEIGHT);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Eight);
        encoder.write_header().ok()?.write_image_data(&pixels).ok()?;
        Some(png)
    }
}

/// How far a point is from a segment.
fn distance((x, y): Point, from: Point, to: Point) -> f32 {
    let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
    let length = along_x * along_x + along_y * along_y;
    let share = if length > 0.0 { ((x - from.0) * along_x + (y - from.1) * along_y) / length } else { 0.0 };
    let share = share.clamp(0.0, 1.0);
    (x - from.0 - share * along_x).hypot(y - from.1 - share * along_y)
}
