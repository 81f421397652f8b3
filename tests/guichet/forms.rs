//! What happens to a form that is sent late, twice, half-way or in an unusual way; and the security code in all its ways.

use std::collections::BTreeSet;

use chrono::Duration;
use guichet::captcha;
use guichet::values::Token;
use rocket::http::Header;
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

use crate::support::{App, Backend, Browser, PASSWORD, on_both, voter};

const FIRST: &str = "06 12 34 56 78";

on_both! {
    async fn a_form_sent_after_the_sessions_end_is_there_again_after_signing_in(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let form = voter(1).form(FIRST, &browser.captcha().await);
        app.wait(Duration::minutes(31));
        let page = browser.submit(&form).await.expect(200, "signed-out");
        assert_eq!(page.path, "/connexion");
        assert!(page.text().contains("Ce que vous avez saisi est gardé"), "{}", page.html);
        for secret in [&voter(1).numen, &"0612345678".to_owned(), &FIRST.to_owned()] {
            assert!(!page.html.contains(secret.as_str()), "a stranger reads nothing");
        }

        let page = browser.sign_in(&voter(1), PASSWORD).await.expect(200, "");
        assert!(page.path.starts_with("/electeur/identifiant"), "{}", page.path);
        assert!(page.text().contains("Ce que vous aviez saisi"), "{}", page.html);
        assert_eq!((page.input("mobile"), page.input("numen")), (FIRST.to_owned(), voter(1).numen));
        assert_eq!(page.input("captcha"), "", "another code belongs to another session");
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check").await, 0, "nothing was decided");
        browser.submit(&voter(1).form(FIRST, &page.input("captcha_id"))).await.expect(200, "issued");
        assert!(browser.get("/electeur/identifiant").await.input("numen").is_empty(), "it served once");
    }
}

on_both! {
    async fn what_somebody_typed_is_not_shown_to_the_next_at_the_same_machine(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let browser = app.browser();
        app.browser().set_password(&app, &voter(2)).await;
        browser.set_password(&app, &voter(1)).await;
        for leave in [false, true] {
            assert_eq!(browser.sign_in(&voter(1), PASSWORD).await.path, "/electeur");
            let form = voter(1).form(FIRST, &browser.captcha().await);
            app.wait(Duration::minutes(31));
            browser.submit(&form).await.expect(200, "signed-out");
            if leave {
                browser.post("/deconnexion", &[]).await;
                browser.sign_in(&voter(1), PASSWORD).await;
            } else {
                let kept = browser.cookies.lock().unwrap()["guichet-form"].clone();
                assert_eq!(browser.sign_in(&voter(2), PASSWORD).await.path, "/electeur");
                // Even if the browser still held it.
                browser.cookies.lock().unwrap().insert("guichet-form".into(), kept);
            }
            let page = browser.get("/electeur/identifiant").await.expect(200, "");
            assert_eq!((page.input("mobile"), page.input("numen")), (String::new(), String::new()));
            browser.cookies.lock().unwrap().remove("guichet-form");
        }
        // A tab that was left open by the one before.
        browser.sign_in(&voter(1), PASSWORD).await;
        let left_open = voter(1).form(FIRST, &browser.captcha().await);
        browser.post("/deconnexion", &[]).await;
        browser.sign_in(&voter(2), PASSWORD).await;
        browser.submit(&left_open).await.expect(422, "captcha-refused");
        let page = browser.get("/electeur/identifiant").await.expect(200, "");
        assert_eq!((page.input("mobile"), page.input("numen")), (String::new(), String::new()));

        app.wait(Duration::minutes(31));
        browser.submit(&left_open).await.expect(401, "signed-out");

        // Ended by its person, in another tab: there is nobody to keep the form for.
        browser.sign_in(&voter(1), PASSWORD).await;
        let form = voter(1).form(FIRST, &browser.captcha().await);
        let session = browser.cookies.lock().unwrap()["guichet-session"].clone();
        browser.post("/deconnexion", &[]).await;
        browser.cookies.lock().unwrap().insert("guichet-session".into(), session);
        browser.submit(&form).await.expect(401, "signed-out");
    }
}

on_both! {
    async fn a_refused_form_outlives_a_reload_and_belongs_to_its_election(app: App) {
        app.enrol(&[voter(1)]).await;
        let later = app.add_election("Deuxième élection").await;
        app.enrol_in(&later, &[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let here = format!("/electeur/identifiant?election={}", later.id);
        let page = browser.get(&here).await.expect(200, "");
        assert!(page.html.contains(&format!("action=\"{here}\"")), "a reload asks for the same election");
        let mut form = voter(1).form(FIRST, &page.input("captcha_id"));
        form.retain(|(name, _)| *name != "request");
        form.push(("election", later.id.to_string()));
        browser.submit(&form).await.expect(422, "form-invalid");
        for path in [here.as_str(), &here] {
            let again = browser.get(path).await.expect(200, "");
            assert_eq!((again.input("mobile"), again.input("numen")), (FIRST.to_owned(), voter(1).numen));
        }
        let other = browser.get(&format!("/electeur/identifiant?election={}", app.election.id)).await.expect(200, "");
        assert_eq!((other.input("mobile"), other.input("numen")), (String::new(), String::new()));
        // An unfinished form does not pull anybody back to it.
        assert_eq!(browser.sign_in(&voter(1), PASSWORD).await.path, "/electeur");
    }
}

on_both! {
    async fn another_code_keeps_what_was_typed(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let captcha = browser.captcha().await;
        let mut form = voter(1).form(FIRST, &captcha);
        form.push(("renew", "on".to_owned()));
        let page = browser.submit(&form).await.expect(200, "");
        assert!(page.input("captcha_id") != captcha && page.input("captcha").is_empty());
        assert_eq!((page.input("mobile"), page.input("numen")), (FIRST.to_owned(), voter(1).numen));
        assert!(page.text().contains("Voici un autre code") && !page.html.contains("class=\"error\""));
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check").await, 0);
    }
}

on_both! {
    async fn the_code_can_be_listened_to(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let (browser, other) = (app.browser(), app.browser());
        browser.arrive(&app, &voter(1)).await;
        other.arrive(&app, &voter(2)).await;
        let address = format!("/captcha/{}.wav", browser.captcha().await);
        let sound = browser.get(&address).await;
        assert_eq!((sound.status, sound.headers["content-type"].as_str()), (200, "audio/wav"));
        assert!(browser.get(&address).await.html == sound.html, "it can be replayed");
        // Safari asks for two bytes first, and plays nothing without this answer.
        let piece = browser.get_from(&address, &[("Range", "bytes=0-1")]).await;
        assert_eq!((piece.status, piece.html.as_str()), (206, "RI"));
        let length: usize = piece.headers["content-range"].strip_prefix("bytes 0-1/").unwrap().parse().unwrap();
        assert!((30_000..100_000).contains(&length), "{length}: some seconds, on a bad line, too");
        other.get(&address).await.expect(404, "not-found");
    }
}

on_both! {
    async fn a_browsers_proof_of_work_does_for_the_code_once(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        // Less work than the page wants: a name holds its own measure.
        let bits = 14;
        let session = Token::parse(&browser.cookies.lock().unwrap()["guichet-session"]).unwrap();
        let captcha = captcha::draw(&app.portal, &session.digest(), bits);
        let is_proof = |number: &u32| {
            let digest = Sha256::digest(format!("{captcha}:{number}"));
            u32::from_be_bytes(*digest.first_chunk().unwrap()).leading_zeros() >= bits
        };
        let number = (0..u32::MAX).find(is_proof).unwrap();
        let form = |typed: String| {
            let mut form = voter(1).form(FIRST, &captcha);
            form.iter_mut().find(|(name, _)| *name == "captcha").unwrap().1 = typed;
            form
        };
        browser.submit(&form(format!("preuve {}", number + 1))).await.expect(422, "captcha-refused");
        browser.submit(&form(format!("preuve {number}"))).await.expect(200, "issued");
        let mut again = form(format!("preuve {number}"));
        again.iter_mut().find(|(name, _)| *name == "mobile").unwrap().1 = "06 12 34 56 79".into();
        browser.submit(&again).await.expect(422, "captcha-refused");
    }
}

on_both! {
    async fn a_number_is_shown_back_in_the_usual_groups(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let captcha = browser.captcha().await;
        for (typed, shown) in [("+33612345678", "06 12 34 56 78"), ("０６１２３４５６７８", "06 12 34 56 78"), ("061234567", "061234567")] {
            let mut form = voter(1).form(typed, &captcha);
            form.retain(|(name, _)| *name != "numen");
            let page = browser.submit(&form).await.expect(422, "form-invalid");
            assert_eq!(page.input("mobile"), shown, "{typed}");
        }
    }
}

on_both! {
    async fn a_birthdate_typed_into_its_first_field_is_read(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let captcha = browser.captcha().await;
        let form = |day: &str| {
            let mut form = voter(1).form(FIRST, &captcha);
            form.retain(|(name, _)| *name != "birthdate");
            form.push(("birthdate_day", day.to_owned()));
            form
        };
        let page = browser.submit(&form("3/7/68")).await.expect(422, "form-invalid");
        assert!(page.text().contains("quatre chiffres"), "{}", page.html);
        assert_eq!(page.input("birthdate_day"), "3/7/68");
        browser.submit(&form(&voter(1).birthdate)).await.expect(200, "issued");
    }
}

on_both! {
    async fn a_browser_that_refuses_cookies_is_told_so(app: App) {
        app.enrol(&[voter(1)]).await;
        for (path, page) in [("/connexion", "sign-in"), ("/mot-de-passe/oublie", "recovery")] {
            let browser = app.browser();
            let sent = app.client.post(path).header(rocket::http::ContentType::Form).body("email=a@ac-lyon.fr").dispatch().await;
            let next = sent.headers().get_one("Location").unwrap().to_owned();
            let answer = browser.get(&next).await.expect(200, "cookies-refused");
            assert!(answer.text().contains("refuse les cookies"), "{page}: {}", answer.html);
            // Much later the cookie has ended, which is nobody's fault.
            app.wait(Duration::minutes(31));
            assert_eq!(browser.get(&next).await.expect(200, "").path, path);
            let address = next.split('?').next().unwrap();
            for odd in ["-9223372036854775808", "9223372036854775807", "demain", ""] {
                assert_eq!(browser.get(&format!("{address}?envoi={odd}")).await.expect(200, "").path, path);
            }
        }
    }
}

on_both! {
    async fn a_voter_overseas_reads_both_clocks(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        for (academy, local) in [
            ("Académie de la Guadeloupe", "mardi 24 novembre 2026 à 10 h 00 (heure de Paris ; 5 h 00 en Guadeloupe)"),
            ("Nouvelle-Calédonie", "mardi 24 novembre 2026 à 10 h 00 (heure de Paris ; 20 h 00 en Nouvelle-Calédonie)"),
            ("Académie de Lyon", "mardi 24 novembre 2026 à 10 h 00"),
        ] {
            app.portal.db.execute_unprepared(&format!("UPDATE establishment SET academy = '{academy}'")).await.unwrap();
            if academy.contains("Guadeloupe") {
                browser.arrive(&app, &voter(1)).await;
                let mail = &app.mails_to(&voter(1).email)[0].text;
                assert!(mail.replace('\u{a0}', " ").contains("(heure de Paris\u{202f}; 5 h 00 en Guadeloupe)"), "{mail}");
                browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
            }
            let page = browser.get("/electeur").await.expect(200, "");
            assert!(page.text().contains(local), "{academy}: {}", page.html);
            assert_eq!(page.text().contains("(heure de Paris ;"), academy != "Académie de Lyon");
        }
        // Where it is another day already.
        app.portal.db.execute_unprepared("UPDATE establishment SET academy = 'Nouvelle-Calédonie'").await.unwrap();
        let closes = browser.get("/electeur").await.text();
        assert!(closes.contains("(heure de Paris ; vendredi 4 décembre 2026 à 3 h 00 en Nouvelle-Calédonie)"), "{closes}");
    }
}

on_both! {
    async fn every_page_says_whom_to_call_and_what_the_site_owes(app: App) {
        for path in ["/", "/connexion", "/mot-de-passe/oublie", "/aide", "/accessibilite", "/mentions-legales",
            "/donnees-personnelles", "/cookies", "/rien"] {
            let page = app.browser().get(path).await;
            for told in ["01 23 45 67 89", "de 9 h à 18 h", "/accessibilite", "/mentions-legales", "/donnees-personnelles", "/cookies"] {
                assert!(page.text().contains(told), "{path}: {told}");
            }
        }
    }
}

on_both! {
    async fn every_cookie_is_listed(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        let mut met = BTreeSet::new();
        let mut note = |browser: &Browser| met.extend(browser.cookies.lock().unwrap().keys().cloned());
        browser.get("/langue/en").await;
        browser.arrive(&app, &voter(1)).await;
        note(&browser);
        let mut form = voter(1).form(FIRST, &browser.captcha().await);
        form.retain(|(name, _)| *name != "request");
        browser.submit(&form).await.expect(422, "form-invalid");
        note(&browser);
        let listed = app.browser().get("/cookies").await.html;
        assert_eq!(met.len(), 5, "{met:?}");
        assert!(met.iter().all(|name| listed.contains(&format!("<code>{name}</code>"))), "{met:?}");
    }
}

/// A database that is away takes the pages that need it, and no other.
#[tokio::test]
async fn help_and_its_contacts_need_no_database() {
    let app = App::start(Backend::Sqlite).await;
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.arrive(&app, &voter(1)).await;
    app.portal.db.close().await.unwrap();
    for visitor in [app.browser(), browser] {
        app.wait(Duration::seconds(11));
        let page = visitor.get("/aide").await.expect(200, "");
        assert!(page.text().contains("01 23 45 67 89"), "{}", page.html);
    }
    assert_eq!(app.browser().get("/healthz").await.status, 200);
}

#[tokio::test]
async fn an_election_shows_its_name_its_logo_and_its_colours() {
    let app = App::start_with(Backend::Sqlite, |figment| {
        figment
            .merge(("appearance.name", "Scrutin des Académies"))
            .merge(("appearance.logo", "static/guichet.svg"))
            .merge(("appearance.accent", "#6a1b9a"))
            .merge(("legal.publisher", "Ministère des Essais"))
    })
    .await;
    let page = app.browser().get("/mentions-legales").await;
    assert!(page.html.contains("<title>Mentions légales – Scrutin des Académies</title>"), "{}", page.html);
    assert!(page.html.contains("Ministère des Essais"));
    let address = |mark: &str| page.html.split('"').find(|piece| piece.contains(mark)).unwrap().to_owned();
    let logo = app.browser().get(&address("/static/logo.")).await;
    assert_eq!((logo.status, logo.headers["content-type"].as_str()), (200, "image/svg+xml"));
    let style = app.browser().get(&address("/static/guichet.")).await.html;
    assert!(style.ends_with('\n') && style.contains("--accent:#6a1b9a"), "{style}");
}

#[tokio::test]
async fn a_page_is_not_framed_and_asks_no_other_host() {
    let app = App::start(Backend::Sqlite).await;
    let answer = app.client.get("/").header(Header::new("Accept", "text/html")).dispatch().await;
    let policy = answer.headers().get_one("Content-Security-Policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("media-src 'self'"), "{policy}");
    assert!(!policy.contains("http"));
}

on_both! {
    async fn an_accepted_form_is_kept_nowhere(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        assert!(!browser.cookies.lock().unwrap().contains_key("guichet-form"));
        let page = browser.get("/electeur/identifiant").await.expect(200, "");
        assert_eq!((page.input("numen"), page.input("mobile")), (String::new(), String::new()));
    }
}

#[tokio::test]
async fn a_form_of_thousands_of_fields_is_none_of_ours() {
    let app = App::start(Backend::Sqlite).await;
    let many: Vec<_> = (0..51).map(|_| ("email", "a@b.example")).collect();
    app.browser().post("/connexion", &many[..50]).await.expect(200, "");
    app.browser().post("/connexion", &many).await.expect(422, "form-invalid");
}
