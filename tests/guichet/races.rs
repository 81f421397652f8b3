//! Many at once: uniqueness and limits hold under load, on both databases.

use std::collections::HashMap;
use std::sync::Arc;

use guichet::hashing::Hasher;
use guichet::settings::PasswordHashSettings;
use guichet::web;
use rocket::local::asynchronous::Client;

use crate::support::{App, Browser, PASSWORD, on_both, voter};

const PHONE: &str = "06 12 34 56 78";

/// Sends all forms at once and counts the outcomes.
async fn at_once(forms: Vec<(Browser, Vec<(&'static str, String)>)>) -> HashMap<String, usize> {
    let tasks: Vec<_> = forms
        .into_iter()
        .map(|(browser, form)| tokio::spawn(async move { browser.submit(&form).await.outcome().to_owned() }))
        .collect();
    let mut outcomes = HashMap::new();
    for task in tasks {
        *outcomes.entry(task.await.unwrap()).or_default() += 1;
    }
    outcomes
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> HashMap<String, usize> {
    expected.into_iter().map(|(outcome, count)| (outcome.to_owned(), count)).collect()
}

on_both! {
    async fn of_fifty_voters_who_claim_one_phone_at_once_one_gets_it(app: App) {
        let voters: Vec<_> = (0..50).map(voter).collect();
        app.enrol(&voters).await;
        let mut forms = Vec::new();
        for voter in &voters {
            let browser = app.browser();
            browser.arrive(&app, voter).await;
            let captcha = browser.captcha().await;
            forms.push((browser, voter.form(PHONE, &captcha)));
        }
        assert_eq!(at_once(forms).await, counts([("issued", 1), ("phone-taken", 49)]));
        assert_eq!(app.count("SELECT COUNT(*) FROM phone_claim").await, 1);
        app.drain().await;
        assert_eq!(app.sms().len(), 1);
    }
}

on_both! {
    async fn a_voter_who_posts_twenty_times_at_once_gets_three(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let mut forms = Vec::new();
        for n in 0..20 {
            let captcha = browser.captcha().await;
            forms.push((browser.clone(), voter(1).form(&format!("06 12 34 56 {n:02}"), &captcha)));
        }
        let outcomes = at_once(forms).await;
        // An issued form is answered by the page of the latest identifier, which is active.
        assert_eq!(outcomes, counts([("issued", 3), ("limit-reached", 17)]));
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier WHERE state = 'active'").await, 1);
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 3);
        app.drain().await;
        assert_eq!(app.sms().len(), 1, "the SMS of the last one: the others were replaced before they left");
    }
}

on_both! {
    async fn failed_checks_at_once_never_exceed_three(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let mut forms = Vec::new();
        for n in 0..20 {
            let captcha = browser.captcha().await;
            let mut wrong = voter(1);
            wrong.numen = voter(100 + n).numen;
            forms.push((browser.clone(), wrong.form(PHONE, &captcha)));
        }
        at_once(forms).await;
        assert_eq!(app.count("SELECT CAST(failed_checks AS BIGINT) FROM voter").await, 3);
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check WHERE outcome = 'numen-differs'").await, 3);
        assert_eq!(app.count("SELECT COUNT(*) FROM identity_check WHERE outcome = 'locked'").await, 17);
    }
}

on_both! {
    async fn one_form_sent_twenty_times_at_once_is_decided_once(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let captcha = browser.captcha().await;
        let forms = (0..20).map(|_| (browser.clone(), voter(1).form(PHONE, &captcha))).collect();
        assert_eq!(at_once(forms).await, counts([("issued", 20)]));
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 1);
    }
}

on_both! {
    async fn of_twenty_sign_ins_at_once_five_are_tried(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let stranger = app.browser();
        stranger.post("/connexion", &[("email", &voter(1).email)]).await;
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let stranger = stranger.clone();
                let password = format!("Autre9chose{n}");
                tokio::spawn(async move {
                    stranger.post("/connexion/mot-de-passe", &[("password", &password)]).await.outcome().to_owned()
                })
            })
            .collect();
        let mut outcomes = HashMap::new();
        for task in tasks {
            *outcomes.entry(task.await.unwrap()).or_default() += 1;
        }
        assert_eq!(outcomes, counts([("sign-in-refused", 5), ("throttled", 15)]));
    }
}

on_both! {
    async fn of_sign_ins_at_once_that_renew_a_hash_none_is_refused(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let mut portal = app.portal.clone();
        for memory_kib in 32..40 {
            let settings = PasswordHashSettings { memory_kib, iterations: 1, lanes: 1 };
            portal.hasher = Arc::new(Hasher::new(&settings).unwrap());
            let client = Arc::new(Client::untracked(web::rocket(portal.clone(), app.figment.clone())).await.unwrap());
            let sign_ins = (0..3).map(|_| {
                let browser = Browser::new(Arc::clone(&client));
                async move { browser.sign_in(&voter(1), PASSWORD).await.path }
            });
            assert_eq!(futures::future::join_all(sign_ins).await, ["/electeur"; 3]);
        }
    }
}

on_both! {
    async fn sign_ins_beside_a_new_password_never_wait_for_each_other_in_a_circle(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        for round in 0..12 {
            app.browser().ask_link(&app, &voter(1)).await;
            app.drain().await;
            app.wait(chrono::Duration::hours(1));
            let link = app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/");
            let reset = app.browser();
            let new = format!("Velours{round}Cobalt");
            let fields = [("password", new.as_str()), ("password_again", new.as_str())];
            let sign_ins = (0..6).map(|_| {
                let browser = app.browser();
                async move { browser.sign_in(&voter(1), PASSWORD).await.status }
            });
            let (changed, statuses) = tokio::join!(reset.post(&link, &fields), futures::future::join_all(sign_ins));
            changed.expect(200, "password-changed");
            assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
        }
    }
}

on_both! {
    async fn a_session_of_the_old_password_does_not_outlive_it(app: App) {
        app.enrol(&[voter(1)]).await;
        app.browser().set_password(&app, &voter(1)).await;
        let mut outlived = 0;
        for round in 0..8 {
            app.wait(chrono::Duration::hours(1));
            app.browser().ask_link(&app, &voter(1)).await;
            app.drain().await;
            let link = app.mailed_link(&voter(1).email, "/mot-de-passe/nouveau/");
            let (old, new) = (format!("Velours{round}Cobalt"), format!("Velours{}Cobalt", round + 1));
            let old = if round == 0 { PASSWORD.to_owned() } else { old };
            let (reset, thief) = (app.browser(), app.browser());
            let fields = [("password", new.as_str()), ("password_again", new.as_str())];
            let person = voter(1);
            let (changed, _) = tokio::join!(reset.post(&link, &fields), thief.sign_in(&person, &old));
            changed.expect(200, "password-changed");
            outlived += i32::from(thief.get("/electeur").await.path == "/electeur");
        }
        assert_eq!(outlived, 0);
    }
}

on_both! {
    async fn two_workers_never_send_a_message_twice(app: App) {
        let voters: Vec<_> = (0..40).map(voter).collect();
        app.enrol(&voters).await;
        for voter in &voters {
            app.browser().post("/mot-de-passe/oublie/confirmer", &[("email", &voter.email)]).await;
        }
        tokio::join!(app.drain(), app.drain(), app.drain());
        for voter in &voters {
            assert_eq!(app.mails_to(&voter.email).len(), 1, "{}", voter.email);
        }
    }
}
