//! Links to set a password: who gets one, and how often it opens.

use chrono::Duration;

use crate::support::{App, PASSWORD, on_both, voter};

const LINK: &str = "/mot-de-passe/nouveau/";

on_both! {
    async fn an_unknown_address_gets_the_same_answer_and_no_mail(app: App) {
        app.enrol(&[voter(1)]).await;
        let mut answers = Vec::new();
        for someone in [voter(1), voter(2)] {
            let browser = app.browser();
            let confirm = browser.post("/mot-de-passe/oublie", &[("email", &someone.email)]).await;
            let sent = browser.post("/mot-de-passe/oublie/confirmer", &[]).await.expect(200, "reset-sent");
            answers.push((confirm.html + &sent.html).replace(&someone.email, "ADDRESS"));
        }
        app.drain().await;
        assert_eq!(answers[0], answers[1]);
        assert_eq!((app.mails_to(&voter(1).email).len(), app.mails_to(&voter(2).email).len()), (1, 0));
        assert_eq!(app.count("SELECT COUNT(*) FROM recovery_request").await, 0);
    }
}

on_both! {
    async fn opening_a_link_consumes_nothing_and_using_it_does(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, LINK);
        for _ in 0..3 {
            app.browser().get(&link).await.expect(200, "");
        }
        let weak = browser.post(&link, &[("password", "court"), ("password_again", "autre")]).await;
        let weak = weak.expect(422, "password-refused").text();
        for named in ["trop court", "lettre majuscule", "Il manque un chiffre", "sont différents"] {
            assert!(weak.contains(named), "{named}");
        }
        assert!(!weak.contains("court\""), "a typed password never comes back");
        browser.post(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.expect(200, "password-changed");
        browser.get(&link).await.expect(410, "link-expired");
        browser.post(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.expect(410, "link-expired");
    }
}

on_both! {
    async fn a_link_lives_24_hours(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, LINK);
        app.wait(Duration::hours(24) - Duration::seconds(1));
        browser.get(&link).await.expect(200, "");
        app.wait(Duration::seconds(1));
        browser.get(&link).await.expect(410, "link-expired");
        browser.post(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.expect(410, "link-expired");
    }
}

on_both! {
    async fn a_stranger_who_asks_again_ends_no_link_and_using_one_ends_all(app: App) {
        app.enrol(&[voter(1)]).await;
        let (browser, stranger) = (app.browser(), app.browser());
        browser.ask_link(&app, &voter(1)).await;
        let first = app.mailed_link(&voter(1).email, LINK);
        for _ in 0..4 {
            app.wait(Duration::minutes(1));
            stranger.ask_link(&app, &voter(1)).await;
        }
        assert_eq!(app.mails_to(&voter(1).email).len(), 5);
        // For hours on, every twelve minutes.
        for _ in 0..60 {
            app.wait(Duration::minutes(12));
            stranger.ask_link(&app, &voter(1)).await;
        }
        let latest = app.mailed_link(&voter(1).email, LINK);
        for link in [&first, &latest] {
            browser.get(link).await.expect(200, "");
        }
        let now = app.portal.now().to_rfc3339();
        let open = format!("SELECT COUNT(*) FROM recovery_ticket WHERE closed_at IS NULL AND expires_at > '{now}'");
        assert_eq!(app.count(&open).await, 5);
        browser.post(&first, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.expect(200, "password-changed");
        for link in [&first, &latest] {
            browser.get(link).await.expect(410, "link-expired");
        }
    }
}

on_both! {
    async fn a_link_takes_thirty_refusals_even_of_passwords_sent_at_once(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.set_password(&app, &voter(1)).await;
        app.wait(Duration::minutes(1));
        browser.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, LINK);
        for _ in 0..3 {
            // Two that differ tell nothing and count for nothing.
            browser.post(&link, &[("password", "Brume4Tilleul"), ("password_again", "x")]).await.expect(422, "password-refused");
        }
        let tries = (0..50).map(|_| {
            let (browser, link) = (app.browser(), link.clone());
            tokio::spawn(async move {
                browser.post(&link, &[("password", "court"), ("password_again", "court")]).await.outcome().to_owned()
            })
        });
        let mut refused = 0;
        for tried in tries.collect::<Vec<_>>() {
            let outcome = tried.await.unwrap();
            refused += u32::from(outcome == "password-refused");
        }
        assert_eq!(refused, 30);
        assert_eq!(app.count("SELECT COUNT(*) FROM recovery_ticket WHERE refusals = 30").await, 1);
        browser.post(&link, &[("password", "Brume4Tilleul"), ("password_again", "Brume4Tilleul")]).await.expect(410, "link-expired");
    }
}

on_both! {
    async fn the_last_password_is_not_chosen_again(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.set_password(&app, &voter(1)).await;
        app.wait(Duration::minutes(1));
        browser.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, LINK);
        for _ in 0..5 {
            let same = browser.post(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await;
            assert!(same.expect(422, "password-refused").text().contains("mot de passe actuel"));
        }
        // These were tries at the password, as sign-ins are: from now on nothing is told.
        app.browser().sign_in(&voter(1), "Autre9chose").await.expect(429, "throttled");
        browser.post(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.expect(200, "password-changed");
        assert_eq!(app.browser().sign_in(&voter(1), PASSWORD).await.path, "/electeur");
    }
}

on_both! {
    async fn at_most_five_mails_an_hour(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        for _ in 0..8 {
            browser.ask_link(&app, &voter(1)).await;
            app.wait(Duration::minutes(1));
        }
        assert_eq!(app.mails_to(&voter(1).email).len(), 5);
        let link = app.mailed_link(&voter(1).email, LINK);
        browser.get(&link).await.expect(200, "");
        app.wait(Duration::minutes(61));
        browser.ask_link(&app, &voter(1)).await;
        assert_eq!(app.mails_to(&voter(1).email).len(), 6);
    }
}

on_both! {
    async fn a_new_password_ends_every_session_and_is_told_by_mail(app: App) {
        app.enrol(&[voter(1)]).await;
        let (laptop, phone) = (app.browser(), app.browser());
        laptop.arrive(&app, &voter(1)).await;
        assert_eq!(phone.sign_in(&voter(1), PASSWORD).await.path, "/electeur");
        laptop.ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, LINK);
        laptop.post(&link, &[("password", "Brume4Tilleul"), ("password_again", "Brume4Tilleul")]).await.expect(200, "password-changed");
        app.drain().await;
        assert!(app.mails_to(&voter(1).email).last().unwrap().subject.contains("a changé"));
        for browser in [&laptop, &phone] {
            assert_eq!(browser.get("/electeur").await.path, "/connexion");
        }
        phone.sign_in(&voter(1), PASSWORD).await.expect(422, "sign-in-refused");
        assert_eq!(phone.sign_in(&voter(1), "Brume4Tilleul").await.path, "/electeur");
    }
}

on_both! {
    async fn a_link_used_in_somebody_elses_browser_ends_their_session_too(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let (shared, neighbour) = (app.browser(), app.browser());
        shared.arrive(&app, &voter(2)).await;
        neighbour.cookies.lock().unwrap().clone_from(&shared.cookies.lock().unwrap());
        app.browser().ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, LINK);
        shared.post(&link, &[("password", "court"), ("password_again", "court")]).await.expect(422, "password-refused");
        assert_eq!(neighbour.get("/electeur").await.path, "/electeur", "a refusal ends nothing");
        let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
        shared.post(&link, &fields).await.expect(200, "password-changed");
        assert_eq!(shared.get("/electeur").await.path, "/connexion");
        assert_eq!(neighbour.get("/electeur").await.path, "/connexion", "its token opens nothing any more");
    }
}

on_both! {
    async fn what_is_personal_is_refused_in_a_password(app: App) {
        let someone = voter(5);
        app.enrol(std::slice::from_ref(&someone)).await;
        let browser = app.browser();
        browser.ask_link(&app, &someone).await;
        let link = app.mailed_link(&someone.email, LINK);
        for personal in [
            format!("Zq7-{}", someone.last_name),
            format!("Zq7-{}", someone.numen.to_lowercase()),
            format!("Zq-{}-w", someone.birthdate.replace('/', "")),
            "Zq7-d.ormeau5".to_owned(),
        ] {
            let refused = browser.post(&link, &[("password", &personal), ("password_again", &personal)]).await;
            assert!(refused.expect(422, "password-refused").text().contains("contient votre nom"), "{personal}");
        }
    }
}

on_both! {
    async fn a_password_that_holds_the_true_secret_is_refused_as_one_that_holds_a_false_one(app: App) {
        let someone = voter(5);
        app.enrol(std::slice::from_ref(&someone)).await;
        let browser = app.browser();
        browser.ask_link(&app, &someone).await;
        let link = app.mailed_link(&someone.email, LINK);
        for (truth, lie) in [
            (format!("Zq7-{}-w", someone.numen), "Zq7-77Z7654321XYZ-w".to_owned()),
            (format!("Zq-{}-w", someone.birthdate.replace('/', "")), "Zq-24121979-w".to_owned()),
            (format!("Zq-{}-w", someone.birthdate), "Zq-24/12/1979-w".to_owned()),
        ] {
            let mut answers = Vec::new();
            for typed in [&truth, &lie] {
                let answer = browser.post(&link, &[("password", typed), ("password_again", typed)]).await;
                answers.push((answer.status, answer.html));
            }
            assert_eq!(answers[0].0, 422);
            assert_eq!(answers[0], answers[1], "{lie}");
        }
    }
}

on_both! {
    async fn of_two_tabs_that_send_the_form_at_once_one_changes_the_password(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().ask_link(&app, &voter(1)).await;
        let link = app.mailed_link(&voter(1).email, LINK);
        let tabs = (0..8).map(|n| {
            let (browser, link) = (app.browser(), link.clone());
            tokio::spawn(async move {
                let password = format!("Velours7Cobalt{n}");
                browser.post(&link, &[("password", &password), ("password_again", &password)]).await.outcome().to_owned()
            })
        });
        let mut outcomes = Vec::new();
        for tab in tabs.collect::<Vec<_>>() {
            outcomes.push(tab.await.unwrap());
        }
        outcomes.sort();
        let changed = outcomes.iter().filter(|outcome| *outcome == "password-changed").count();
        let expired = outcomes.iter().filter(|outcome| *outcome == "link-expired").count();
        assert_eq!((changed, expired), (1, 7), "{outcomes:?}");
    }
}

on_both! {
    async fn a_request_sent_twice_brings_one_link_that_works(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        for _ in 0..2 {
            let sent = browser.post("/mot-de-passe/oublie/confirmer", &[("email", &voter(1).email)]).await;
            sent.expect(200, "reset-sent");
        }
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), 1);
        browser.get(&app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/")).await.expect(200, "");
    }
}
