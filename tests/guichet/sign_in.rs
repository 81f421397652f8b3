//! Signing in, staying and leaving.

use std::sync::Arc;

use chrono::Duration;
use guichet::hashing::Hasher;
use guichet::settings::PasswordHashSettings;
use guichet::web;
use rocket::local::asynchronous::Client;

use crate::support::{App, Browser, PASSWORD, on_both, voter};

on_both! {
    async fn known_and_unknown_addresses_look_the_same(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let mut pages = Vec::new();
        // With a password, without one yet, and nobody at all.
        app.enrol(&[voter(1), voter(2)]).await;
        for someone in [voter(1), voter(2), voter(3)] {
            let browser = app.browser();
            let second = browser.post("/connexion", &[("email", &someone.email)]).await.expect(200, "");
            let refused = browser.post("/connexion/mot-de-passe", &[("password", "Autre9chose")]).await;
            let refused = refused.expect(422, "sign-in-refused");
            pages.push((second.html + &refused.html).replace(&someone.email, "ADDRESS"));
        }
        assert_eq!(pages[0], pages[1]);
        assert_eq!(pages[0], pages[2]);
    }
}

on_both! {
    async fn failures_slow_down_alike_for_known_and_unknown_addresses(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        for someone in [voter(1), voter(3)] {
            let stranger = app.browser();
            for _ in 0..5 {
                stranger.sign_in(&someone, "Autre9chose").await.expect(422, "sign-in-refused");
            }
            let throttled = stranger.sign_in(&someone, PASSWORD).await.expect(429, "throttled");
            assert!(throttled.text().contains("Réessayez après le"));
        }
        app.wait(Duration::seconds(71));
        assert_eq!(app.browser().sign_in(&voter(1), PASSWORD).await.path, "/electeur");
        app.browser().sign_in(&voter(1), "Autre9chose").await.expect(422, "sign-in-refused");
    }
}

on_both! {
    async fn at_most_25_tries_a_day_and_the_next_day_begins_at_midnight_in_paris(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let stranger = app.browser();
        for _ in 0..25 {
            app.wait(Duration::seconds(71));
            stranger.sign_in(&voter(1), "Autre9chose").await.expect(422, "sign-in-refused");
        }
        app.wait(Duration::hours(12));
        stranger.sign_in(&voter(1), PASSWORD).await.expect(429, "throttled");
        app.wait(Duration::hours(2));
        assert_eq!(stranger.sign_in(&voter(1), PASSWORD).await.path, "/electeur");
    }
}

on_both! {
    async fn a_stranger_keeps_nobody_out(app: App) {
        app.enrol(&[voter(1)]).await;
        let owner = app.browser();
        owner.set_password(&app, &voter(1)).await;
        let stranger = app.browser();
        for _ in 0..6 {
            stranger.sign_in(&voter(1), "Autre9chose").await;
        }
        stranger.sign_in(&voter(1), PASSWORD).await.expect(429, "throttled");
        assert_eq!(owner.sign_in(&voter(1), PASSWORD).await.path, "/electeur", "the owner's browser is known");
        // From a browser that isn't, the mailed link opens the way again.
        let elsewhere = app.browser();
        elsewhere.sign_in(&voter(1), PASSWORD).await.expect(429, "throttled");
        app.wait(Duration::minutes(1));
        elsewhere.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/");
        let fields = [("password", "Brume4Tilleul"), ("password_again", "Brume4Tilleul")];
        elsewhere.post(&link, &fields).await.expect(200, "password-changed");
        assert_eq!(app.browser().sign_in(&voter(1), "Brume4Tilleul").await.path, "/electeur");
    }
}

on_both! {
    async fn a_known_browser_is_known_for_its_own_account_only(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let neighbour = app.browser();
        neighbour.set_password(&app, &voter(2)).await;
        for _ in 0..5 {
            neighbour.sign_in(&voter(1), "Autre9chose").await.expect(422, "sign-in-refused");
        }
        app.browser().sign_in(&voter(1), PASSWORD).await.expect(429, "throttled");
    }
}

on_both! {
    async fn a_session_ends_after_30_idle_minutes_and_12_hours_in_all(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        app.wait(Duration::minutes(29));
        let page = browser.get("/electeur").await;
        assert!(page.text().contains("votre session se termine à 10 h 59"), "{}", page.html);
        app.wait(Duration::minutes(29));
        assert_eq!(browser.post("/session/prolonger", &[]).await.path, "/electeur");
        app.wait(Duration::minutes(31));
        assert_eq!(browser.get("/electeur").await.path, "/connexion");

        assert_eq!(browser.sign_in(&voter(1), PASSWORD).await.path, "/electeur");
        for _ in 0..35 {
            app.wait(Duration::minutes(20));
            assert_eq!(browser.get("/electeur").await.path, "/electeur");
        }
        app.wait(Duration::minutes(21));
        assert_eq!(browser.get("/electeur").await.path, "/connexion");
    }
}

on_both! {
    async fn the_session_token_changes_at_sign_in_and_dies_at_sign_out(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.cookies.lock().unwrap().insert("guichet-session".into(), "A".repeat(43));
        browser.arrive(&app, &voter(1)).await;
        let token = |browser: &Browser| browser.cookies.lock().unwrap()["guichet-session"].clone();
        let first = token(&browser);
        assert_ne!(first, "A".repeat(43), "a planted token is never taken over");
        browser.sign_in(&voter(1), PASSWORD).await;
        assert_ne!(token(&browser), first);
        let thief = app.browser();
        thief.cookies.lock().unwrap().insert("guichet-session".into(), first);
        assert_eq!(thief.get("/electeur").await.path, "/connexion", "the session before has ended");

        thief.cookies.lock().unwrap().insert("guichet-session".into(), token(&browser));
        assert_eq!(thief.get("/electeur").await.path, "/electeur");
        browser.post("/deconnexion", &[]).await;
        assert_eq!(thief.get("/electeur").await.path, "/connexion");
        // A second tab, still open on the form.
        thief.post("/electeur/identifiant", &[("numen", "12E3456789ABC")]).await.expect(401, "signed-out");
        thief.post("/session/prolonger", &[]).await.expect(401, "signed-out");
        assert_eq!(thief.post("/deconnexion", &[]).await.path, "/");
    }
}

on_both! {
    async fn leaving_clears_what_pages_left_in_the_browser(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.get("/langue/en").await;
        browser.arrive(&app, &voter(1)).await;
        let answer = app.client.post("/deconnexion").dispatch().await;
        // Not the cookies: the browser stays known, and keeps its language.
        assert_eq!(answer.headers().get_one("Clear-Site-Data"), Some("\"cache\", \"storage\""));
        browser.post("/deconnexion", &[]).await;
        let left: std::collections::BTreeSet<_> = browser.cookies.lock().unwrap().keys().cloned().collect();
        assert_eq!(left, ["guichet-browser", "guichet-language"].map(str::to_owned).into());
    }
}

on_both! {
    async fn a_hash_is_renewed_at_sign_in_when_the_parameters_change(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let stale = "SELECT COUNT(*) FROM account WHERE password_hash LIKE '%m=16,t=1%'";
        assert_eq!(app.count(stale).await, 1);
        let mut portal = app.portal.clone();
        let stronger = PasswordHashSettings { memory_kib: 32, iterations: 2, lanes: 1 };
        portal.hasher = Arc::new(Hasher::new(&stronger).unwrap());
        let client = Client::untracked(web::rocket(portal, app.figment.clone())).await.unwrap();
        let browser = Browser::new(Arc::new(client));
        browser.sign_in(&voter(1), "Autre9chose").await.expect(422, "sign-in-refused");
        assert_eq!(app.count(stale).await, 1, "a wrong password renews nothing");
        assert_eq!(browser.sign_in(&voter(1), PASSWORD).await.path, "/electeur");
        assert_eq!(app.count("SELECT COUNT(*) FROM account WHERE password_hash LIKE '%m=32,t=2%'").await, 1);
        assert_eq!(browser.sign_in(&voter(1), PASSWORD).await.path, "/electeur");
    }
}

on_both! {
    async fn two_tabs_with_two_addresses_do_not_mix(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let browser = app.browser();
        browser.set_password(&app, &voter(1)).await;
        let first = browser.post("/connexion", &[("email", &voter(1).email)]).await;
        browser.post("/connexion", &[("email", &voter(2).email)]).await;
        let email = first.input("email");
        let signed_in = browser.post("/connexion/mot-de-passe", &[("email", &email), ("password", PASSWORD)]).await;
        assert_eq!(signed_in.path, "/electeur");
    }
}

on_both! {
    async fn forms_from_other_sites_are_refused(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let fields = [("email", "a@example.fr")];
        for headers in [
            vec![("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")],
            vec![("Sec-Fetch-Site", "same-site")],
            vec![("Origin", "https://evil.example")],
            vec![("Origin", "null")],
        ] {
            for path in ["/connexion", "/deconnexion", "/electeur/identifiant", "/mot-de-passe/oublie/confirmer"] {
                browser.post_from(path, &fields, &headers).await.expect(403, "forbidden");
            }
        }
        assert_eq!(browser.get("/electeur").await.path, "/electeur", "still signed in");
    }
}
