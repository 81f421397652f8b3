//! Draws security codes into a folder, each named by its answer: `captcha FOLDER COUNT`.

use std::path::PathBuf;

use guichet::captcha;
use guichet::values::Chance;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let count: u64 = arguments.next().ok_or("how many?")?.parse()?;
    let chance = Chance::seeded(1);
    for _ in 0..count {
        let answer = captcha::letters(&chance);
        let image =
            captcha::image::draw(&answer, &mut Chance::generator_of(&chance.bytes::<32>())).ok_or("no image")?;
        std::fs::write(folder.join(format!("{answer}.png")), image)?;
    }
    Ok(())
}
