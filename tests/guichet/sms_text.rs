//! Every SMS is one GSM-7 segment, whatever the election is called.

use guichet::outbox::letters::identifier_text;
use guichet::values::{Chance, Language, VotingIdentifier, gsm7};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{App, Backend};

#[tokio::test]
async fn every_sms_fits_one_segment_whatever_the_elections_name() {
    let templates: Vec<_> = std::fs::read_dir("templates/sms").unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(templates, ["identifier.hbs"], "a new SMS needs its own lines here");

    let app = App::start(Backend::Sqlite).await;
    let identifier = VotingIdentifier::draw(&Chance::seeded(1));
    let said = |name: &str, language| identifier_text(&app.portal, name, &identifier, language).unwrap();
    let text = |name: &str| said(name, Language::French);
    assert!(text("Élections professionnelles 2026").starts_with("Élections professionnelles 2026 : votre identifiant"));
    assert!(text("Élection à l’œuvre – Besançon").starts_with("Élection à l'oeuvre - Besancon :"));
    TestRunner::default()
        .run(&"\\PC{0,120}|[^\\x00-\\x1f]{100,120}|[€\\[\\]{}]{60,120}|[çêïœ’]{1,120}", |name| {
            for language in Language::ALL {
                let text = said(&name, language);
                prop_assert!(gsm7::septets(&text).is_some_and(|septets| septets <= gsm7::SEGMENT), "{text}");
                prop_assert!(text.contains(&identifier.text()), "the identifier is never cut");
            }
            Ok(())
        })
        .unwrap();
}
