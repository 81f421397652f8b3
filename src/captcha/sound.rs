//! The spoken security code: digits in French over a murmur, the same for the same generator.
//!
//! Voices, speeds and pauses change from digit to digit. The samples are made by `scripts/captcha-voices`.

use std::io::Cursor;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use rand::Rng;
use rand::rngs::StdRng;
use rust_embed::RustEmbed;

/// Samples a second, 8 bits each: as on a telephone, so that a bad line carries it.
const RATE: u32 = 8000;
const VOICES: [&str; 3] = ["ada", "luc", "eve"];
/// Of the loudest that a sample can be.
const SPEECH: f32 = 0.75;
const MURMUR: f32 = 0.14;
const HISS: f32 = 0.05;

#[derive(RustEmbed)]
#[folder = "sounds"]
struct Samples;

/// Speaks digits, as WAV.
pub fn speak(digits: &str, generator: &mut StdRng) -> Option<Vec<u8>> {
    let mut track = vec![0.0; seconds(generator.random_range(0.3..0.6))];
    for digit in digits.chars() {
        let voice = VOICES[generator.random_range(0..VOICES.len())];
        track.extend(at_speed(&sample(voice, digit)?, generator.random_range(0.88..1.06)));
        track.resize(track.len() + seconds(generator.random_range(0.35..0.7)), 0.0);
    }
    for value in &mut track {
        *value *= SPEECH;
    }
    murmur(&mut track, generator)?;
    for value in &mut track {
        *value += HISS * generator.random_range(-1.0..1.0);
    }
    wav(&track)
}

/// Digits spoken backwards, from beginning to end: what listens for speech hears it everywhere.
fn murmur(track: &mut [f32], generator: &mut StdRng) -> Option<()> {
    let mut at = 0;
    while at < track.len() {
        let digit = char::from_digit(generator.random_range(0..10), 10)?;
        let voice = VOICES[generator.random_range(0..VOICES.len())];
        let mut noise = at_speed(&sample(voice, digit)?, generator.random_range(0.7..1.3));
        noise.reverse();
        for (value, noise) in track[at..].iter_mut().zip(&noise) {
            *value += MURMUR * noise;
        }
        at += noise.len().max(1) * 2 / 3;
    }
    Some(())
}

/// A spoken digit, between -1 and 1.
fn sample(voice: &str, digit: char) -> Option<Vec<f32>> {
    let file = Samples::get(&format!("{voice}-{digit}.wav"))?;
    let reader = WavReader::new(Cursor::new(file.data)).ok()?;
    reader.into_samples::<i16>().map(|value| value.ok().map(|value| f32::from(value) / 128.0)).collect()
}

/// Slower below 1, faster above.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few thousand"
)]
fn at_speed(sound: &[f32], speed: f32) -> Vec<f32> {
    let length = (sound.len() as f32 / speed) as usize;
    let value = |at: usize| {
        let place = at as f32 * speed;
        let before = place as usize;
        let from = sound.get(before).copied().unwrap_or_default();
        let to = sound.get(before + 1).copied().unwrap_or(from);
        from + (to - from) * place.fract()
    };
    (0..length).map(value).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few thousand"
)]
fn seconds(seconds: f32) -> usize {
    (seconds * RATE as f32) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
fn wav(track: &[f32]) -> Option<Vec<u8>> {
    let spec = WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 8, sample_format: SampleFormat::Int };
    let mut file = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut file, spec).ok()?;
    for value in track {
        writer.write_sample((value.clamp(-1.0, 1.0) * 127.0) as i8).ok()?;
    }
    writer.finalize().ok()?;
    Some(file.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Chance;

    fn spoken(digits: &str, seed: u8) -> Vec<f32> {
        let bytes = speak(digits, &mut Chance::generator_of(&[seed])).unwrap();
        let reader = WavReader::new(Cursor::new(bytes)).unwrap();
        assert_eq!(reader.spec().sample_rate, RATE);
        reader.into_samples::<i16>().map(|value| f32::from(value.unwrap()) / 128.0).collect()
    }

    /// How loud a piece is: the root of the mean square.
    fn loudness(piece: &[f32]) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let count = piece.len() as f32;
        (piece.iter().map(|value| value * value).sum::<f32>() / count).sqrt()
    }

    #[test]
    fn every_voice_says_every_digit() {
        for voice in VOICES {
            for digit in '0'..='9' {
                let sample = sample(voice, digit).unwrap();
                assert!((1000..6000).contains(&sample.len()), "{voice} {digit}: {}", sample.len());
                assert!(loudness(&sample) > 0.05, "{voice} {digit}");
            }
        }
    }

    #[test]
    fn speech_stands_out_of_the_murmur_and_no_pause_is_silent() {
        let track = spoken("407319", 1);
        assert!((4 * RATE as usize..12 * RATE as usize).contains(&track.len()));
        let loud: Vec<f32> = track.chunks(seconds(0.1)).map(loudness).collect();
        let (most, least) =
            (loud.iter().fold(0.0, |a: f32, &b| a.max(b)), loud.iter().fold(1.0, |a: f32, &b| a.min(b)));
        assert!(most > 5.0 * least && least > 0.01, "{most} {least}");
    }

    #[test]
    fn one_generator_says_one_thing_and_others_say_it_otherwise() {
        assert!(spoken("123456", 1) == spoken("123456", 1));
        assert!(spoken("123456", 1) != spoken("123456", 2));
    }
}
